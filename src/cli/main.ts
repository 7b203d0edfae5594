#!/usr/bin/env node
/** The program: finds the command, runs it, and turns its end into an exit code. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { BadInput } from './bad-input.js'
import { complain } from './complain.js'
import { EXIT_BAD_INPUT, EXIT_BUG, EXIT_OK } from './exit-codes.js'
import { endWithOutput } from './interruption.js'
import { keygenCommand } from './keygen.js'
import { pingCommand } from './ping.js'
import { probeCommand } from './probe.js'
import { serveCommand } from './serve.js'
import { upCommand } from './up.js'
import { harmless } from './words.js'

const EXAMPLES = `
Examples:
  tox-relays up                                a demo: three relays and a friend, all on this computer
  tox-relays up --relay host:443:PUBLICKEY     keep a real relay connected and watch it
  tox-relays probe nodes.json                  which relays of a node list answer?
  tox-relays serve                             run a relay of your own

A relay is spelt host:port:PUBLICKEY, with 64 hex digits for the key ([v6]:port:PUBLICKEY for IPv6).
"tox-relays help COMMAND" tells more.`

/** Timers of the library let the process end; this one does not, until the command is done. */
const HOLD_MS = 60_000

endWithOutput()
const hold = setInterval(() => {}, HOLD_MS)
try {
  await program().parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
} finally {
  clearInterval(hold)
}

function program(): Command {
  return [upCommand(), probeCommand(), pingCommand(), serveCommand(), keygenCommand()]
    .reduce((all, command) => all.addCommand(command.copyInheritedSettings(all)), root())
    .addHelpText('after', EXAMPLES)
}

function root(): Command {
  return new Command('tox-relays')
    .description(
      'Keeps a Tox node connected to many TCP relays and carries packets to its friends through them.',
    )
    .version(version())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`tox-relays: ${harmless(oneLine(text))}\n`) })
}

/** Commander writes `error: …`, and perhaps `(Did you mean …?)` on a second line. */
function oneLine(text: string): string {
  return text
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const found = typeof manifest === 'object' && manifest !== null && 'version' in manifest && manifest.version
  return String(found)
}

/** Says what went wrong, unless commander has. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_BAD_INPUT
  if (error instanceof BadInput) {
    complain(error.message)
    return EXIT_BAD_INPUT
  }
  process.stderr.write(`tox-relays: a fault of ours, please report it\n${errorText(error)}\n`)
  return EXIT_BUG
}

function errorText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
