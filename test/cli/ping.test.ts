/** `ping` on one side, `up --echo` on the other, through a relay of ours and one that is not. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatRelay } from '../../src/index.js'
import { type RelayServer, startRelay } from '../../src/io/relay-server.js'
import { describeWithPeer, freePort, type PeerProcess, startBootstrapd } from '../support/peers.js'
import { buildProgram, type Home, jsonLines, lineWith, newHome, SOME_KEY } from './program.js'

let home: Home
let ours: RelayServer
let keys: { readonly me: string; readonly friend: string }

const fileOf = (who: string): string => join(home.path, `${who}.json`)

beforeAll(async () => {
  buildProgram()
  home = await newHome()
  ours = await startRelay()
  const [me, friend] = [
    await home.run(['keygen', fileOf('me')]),
    await home.run(['keygen', fileOf('friend')]),
  ]
  keys = { me: me.stdout.trim(), friend: friend.stdout.trim() }
})
afterAll(async () => {
  await ours.close()
  await home[Symbol.asyncDispose]()
})

/** Runs the friend, who echoes, until he is on all of the relays. */
async function startFriend(
  relays: readonly string[],
  more: readonly string[] = ['--echo'],
): Promise<PeerProcess> {
  const named = relays.flatMap(relay => ['--relay', relay])
  const friend = await home.start([
    'up',
    '--identity',
    fileOf('friend'),
    '--friend',
    keys.me,
    ...named,
    ...more,
  ])
  for (const relay of relays) await lineWith(friend, { type: 'keepalive', relay: relay.split(':').at(-1) })
  return friend
}

const ping = (relays: readonly string[], ...more: readonly string[]) =>
  home.run([
    ...['ping', keys.friend, '--identity', fileOf('me'), '--count', '3', '--interval', '0.1'],
    ...relays.flatMap(relay => ['--relay', relay]),
    ...more,
  ])

describeWithPeer('tox-bootstrapd', 'ping', () => {
  it('measures round trips through every relay, there and back, and tells which one the friend is not on', async () => {
    await using theirs = await startBootstrapd()
    const relays = [formatRelay(ours), `127.0.0.1:${theirs.port}:${theirs.publicKey}`]
    await using lonely = await startRelay()
    await using _ = await startFriend(relays)
    const closed = `127.0.0.1:${await freePort()}:${SOME_KEY}`
    const { code, stdout } = await ping([...relays, formatRelay(lonely), closed], '--json')
    const lines = jsonLines(stdout)
    const answers = lines.filter(({ type }) => type === 'answer')
    expect(answers.map(({ sequence }) => sequence).sort()).toEqual([1, 1, 2, 2, 3, 3])
    const [atOurs, atTheirs, atLonely, atClosed] = lines.filter(({ type }) => type === 'summary')
    const full = {
      sent: 3,
      answered: 3,
      lossPercent: 0,
      minMs: expect.any(Number),
      maxMs: expect.any(Number),
    }
    expect(atOurs).toMatchObject({ address: `127.0.0.1:${ours.port}`, ...full })
    expect(atTheirs).toMatchObject({ relay: theirs.publicKey, ...full })
    expect(atLonely).toMatchObject({ sent: 3, answered: 0, lossPercent: 100, avgMs: null })
    expect(atClosed).toMatchObject({ sent: 0, lossPercent: null, reason: 'refused' })
    expect(code).toBe(0)
  })
})

describe('ping', () => {
  it('prints a line for each answer, and a table at the end', async () => {
    await using _ = await startFriend([formatRelay(ours)])
    const { code, stdout } = await ping([formatRelay(ours)])
    const lines = stdout.trimEnd().split('\n')
    const from = `from ${keys.friend.slice(0, 8)}… through 127.0.0.1:${ours.port}:`
    expect(lines.slice(0, 3).map(line => line.replace(/time=.*/, ''))).toEqual([
      `${from} seq=1 `,
      `${from} seq=2 `,
      `${from} seq=3 `,
    ])
    expect(lines[4]).toMatch(/^RELAY +SENT +ANSWERED +LOSS +MIN +AVG +MAX$/)
    expect(lines[5]).toMatch(/^127\.0\.0\.1:\d+ +3 +3 +0 % +[\d.]+ ms +[\d.]+ ms +[\d.]+ ms$/)
    expect(code).toBe(0)
  })

  it('ends with 1 when nothing comes back: a friend who does not echo, a friend who is not there', async () => {
    {
      await using _ = await startFriend([formatRelay(ours)], [])
      expect(await ping([formatRelay(ours)])).toMatchObject({ code: 1 })
    }
    const { code, stdout } = await ping([formatRelay(ours)])
    expect(stdout).toContain('100 %  ')
    expect(stdout).toContain('the friend does not answer there')
    expect(code).toBe(1)
  })

  it('goes on until Ctrl-C without a count, and then sums up', async () => {
    await using _ = await startFriend([formatRelay(ours)])
    await using pinging = await home.start([
      ...['ping', keys.friend, '--identity', fileOf('me'), '--relay', formatRelay(ours)],
      ...['--interval', '0.1', '--json'],
    ])
    await lineWith(pinging, { type: 'answer', sequence: 12 })
    pinging.kill('SIGINT')
    expect(await pinging.ended).toBe(0)
    expect(jsonLines(pinging.output).at(-1)).toMatchObject({ type: 'summary', lossPercent: 0 })
  })
})
