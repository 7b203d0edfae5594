/** docs/states.md is drawn from the machines that run. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { relayMachine, supervisorMachine } from '../src/actors/machines.js'
import { mermaidOf, statechartOf } from '../src/dashboard/index.js'

it('docs/states.md shows the machines as they are', () => {
  const page = readFileSync(new URL('../docs/states.md', import.meta.url), 'utf8')
  const drawings = [...page.matchAll(/```mermaid\n([\s\S]*?)\n```/g)].map(([, drawing]) => drawing)
  expect(drawings).toEqual(
    [relayMachine, supervisorMachine].map(machine => mermaidOf(statechartOf(machine)).trim()),
  )
})
