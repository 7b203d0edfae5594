import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

test('docs/proxies.md says of every refusal of a proxy what to do', () => {
  const codes = new Set(
    [...read('src/protocol/errors.ts').matchAll(/'((?:proxy|socks4?)-[a-z0-9-]*[a-z0-9])'/g)].map(m => m[1]),
  )
  expect(codes.size).toBeGreaterThan(15)
  const table = read('docs/proxies.md')
    .split('\n')
    .filter(line => line.startsWith('| `'))
  for (const code of codes) expect(table.filter(row => row.includes(`\`${code}\``))).toHaveLength(1)
})
