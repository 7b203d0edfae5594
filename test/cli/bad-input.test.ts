/** Bad input gets one clear line on standard error and exit code 2, and never a stack trace. */
import { once } from 'node:events'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildProgram, type Home, newHome, SOME_KEY } from './program.js'

const RELAY = `127.0.0.1:33445:${SOME_KEY}`
const SECRET = 'FEDCBA9876543210'.repeat(4)

let home: Home

beforeAll(async () => {
  buildProgram()
  home = await newHome()
  const files: Readonly<Record<string, string>> = {
    'not.json': 'nodes: none',
    'empty.json': '{"nodes":[]}',
    'broken-nodes.json': '{"nodes":[{"ipv4":"192.0.2.1","tcp_ports":[1],"public_key":"AB"}]}',
    'number.json': '7',
    'not-identity.json': '{"nodes":[]}',
    'short-secret.json': JSON.stringify({ version: 1, publicKey: SOME_KEY, secretKey: SECRET.slice(1) }),
    'strangers.json': JSON.stringify({ version: 1, publicKey: SOME_KEY, secretKey: SECRET }),
    'newer-store.json': '{"format":"tox-relays store","version":2,"relays":[],"friends":[]}',
  }
  for (const [name, text] of Object.entries(files))
    await writeFile(join(home.path, name), text, { mode: 0o600 })
  await mkdir(join(home.path, 'folder'))
  await symlink('loop', join(home.path, 'loop'))
})
afterAll(() => home[Symbol.asyncDispose]())

/** @param line with ~ for the home */
async function expectRefusal(words: string, line: string): Promise<void> {
  const args = words.split(' ').filter(word => word !== '')
  const ended = await home.run(args.map(arg => arg.replace('~', home.path)))
  expect(ended.stderr.replaceAll(home.path, '~')).toBe(`tox-relays: ${line}\n`)
  expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 2, stdout: '' })
  expect(ended.stderr).not.toContain(SECRET.slice(1))
}

describe.concurrent('arguments that are wrong', () => {
  it.each([
    ['prob', "unknown command 'prob' (Did you mean probe?)"],
    ['up --rely x', "unknown option '--rely' (Did you mean --relay?)"],
    ['up --relay', "option '--relay <host:port:PUBLICKEY>' argument missing"],
    ['up here', "too many arguments for 'up'. Expected 0 arguments but got 1."],
    ['probe', "missing required argument 'relays'"],
    ['ping', "missing required argument 'friend'"],
    [
      'serve --port 70000',
      "option '--port <number>' argument '70000' is invalid. Wanted a whole number from 0 to 65535.",
    ],
    [
      'serve --port 1.5',
      "option '--port <number>' argument '1.5' is invalid. Wanted a whole number from 0 to 65535.",
    ],
    [
      'serve --max-clients 0',
      "option '--max-clients <number>' argument '0' is invalid. Wanted a whole number from 1 to 1000000.",
    ],
    [
      `probe --timeout soon ${RELAY}`,
      "option '--timeout <seconds>' argument 'soon' is invalid. Wanted a number from 0.1 to 600.",
    ],
    [`up --friend ${SOME_KEY}`, '--friend needs relays to meet him on: add --relay, --nodes or --store'],
    [`ping ${SOME_KEY}`, 'a ping needs relays to go through: add --relay or --nodes'],
  ])('%s', (words, line) => expectRefusal(words, line))
})

describe.concurrent('a relay that is none', () => {
  it.each([
    ['127.0.0.1', 'relay: wanted host:port:PUBLICKEY, got "127.0.0.1"'],
    ['127.0.0.1:33445', 'relay: wanted host:port:PUBLICKEY, got "127.0.0.1:33445"'],
    [`127.0.0.1:0:${SOME_KEY}`, 'port: wanted 1–65535, got 0'],
    [`::1:33445:${SOME_KEY}`, `relay: wanted host:port:PUBLICKEY, got "::1:33445:${SOME_KEY}"`],
    [
      `127.0.0.1:1:${SOME_KEY.slice(1)}`,
      'public key of relay 127.0.0.1:1: wanted 64 hex digits, got 63 digits',
    ],
  ])('up --relay %s', (relay, problem) =>
    expectRefusal(
      `up --relay ${relay}`,
      `option '--relay <host:port:PUBLICKEY>' argument '${relay}' is invalid. ${problem}`,
    ),
  )

  it.each([
    ['127.0.0.1:33445', 'relay: wanted host:port:PUBLICKEY, got "127.0.0.1:33445"'],
    [
      `127.0.0.1:1:${SOME_KEY.slice(1)}`,
      'public key of relay 127.0.0.1:1: wanted 64 hex digits, got 63 digits',
    ],
    [
      `127.0.0.1:1:${SOME_KEY.slice(1)}g`,
      'public key of relay 127.0.0.1:1: wanted 64 hex digits, got other characters',
    ],
  ])('probe %s', (relay, line) => expectRefusal(`probe ${relay}`, line))
})

describe.concurrent('a friend’s key that is none', () => {
  it.each([
    [SOME_KEY.slice(1), 'A public key has 64 hex digits, this one has 63.'],
    [`${SOME_KEY.slice(1)}x`, 'A public key has hex digits only.'],
  ])('%s', async (key, problem) => {
    await expectRefusal(
      `up --relay ${RELAY} --friend ${key}`,
      `option '--friend <key>' argument '${key}' is invalid. ${problem}`,
    )
    await expectRefusal(
      `ping ${key} --relay ${RELAY}`,
      `command-argument value '${key}' is invalid for argument 'friend'. ${problem}`,
    )
  })
})

describe.concurrent('a node list that is none', () => {
  it.each([
    ['nowhere.json', 'cannot read ~/nowhere.json: no such file or directory'],
    ['folder', 'cannot read ~/folder: illegal operation on a directory'],
    ['not.json', '~/not.json: node list: not JSON'],
    ['number.json', '~/number.json: node list: wanted { "nodes": [ … ] }'],
    ['empty.json', '~/empty.json: no TCP relay in this node list'],
    [
      'broken-nodes.json',
      '~/broken-nodes.json: no TCP relay in this node list (node 1: public_key: wanted 64 hex digits, got 2 digits)',
    ],
  ])('%s', async (file, line) => {
    await expectRefusal(`probe ~/${file}`, line)
    await expectRefusal(`up --nodes ~/${file}`, line)
  })

  it('on standard input', async () => {
    const { code, stderr } = await home.run(['probe', '-'], { input: '[' })
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'tox-relays: standard input: node list: not JSON\n' })
  })
})

describe.concurrent('an identity file that cannot be used', () => {
  it.each([
    ['folder', 'cannot read ~/folder: illegal operation on a directory'],
    ['nowhere/identity.json', 'cannot write ~/nowhere/identity.json: no such file or directory'],
    ['loop', 'cannot read ~/loop: too many symbolic links encountered'],
    ['not.json', '~/not.json is no identity file: it is not JSON'],
    ['not-identity.json', '~/not-identity.json is no identity file: tox-relays keygen makes one'],
    ['short-secret.json', '~/short-secret.json is no identity file: tox-relays keygen makes one'],
    ['strangers.json', '~/strangers.json is no identity file: its two keys do not belong together'],
  ])('%s', async (file, line) => {
    await expectRefusal(`up --relay ${RELAY} --identity ~/${file}`, line)
    await expectRefusal(`serve --port 0 --key-file ~/${file}`, line)
  })
})

describe.concurrent('a store that cannot be used', () => {
  it.each([
    ['folder', 'cannot use ~/folder: illegal operation on a directory'],
    ['nowhere/store.json', 'cannot use ~/nowhere/store.json: no such file or directory'],
    ['newer-store.json', 'store: wanted version 1, got 2 of a newer tox-relays'],
  ])('%s', (file, line) => expectRefusal(`up --store ~/${file}`, line))
})

describe.concurrent('a proxy that is none, without its password', () => {
  it.each([
    ['--proxy ftp://me:hunter2@h:1', '--proxy: proxy: wanted socks5://, socks4:// or http://, got ftp://'],
    ['--proxy socks4://me:hunter2@h:1', 'proxy user and password: wanted no password, since SOCKS4 has none'],
    [
      '--proxy socks5://h:1 --proxy-password-file ~/not.json',
      '--proxy-password-file: the URL of the proxy names no user',
    ],
    [
      '--proxy socks5://me:hunter2@h:1 --proxy-password-file ~/not.json',
      '--proxy-password-file: the URL of the proxy has a password already',
    ],
    [
      '--proxy socks5://me@h:1 --proxy-password-file ~/nowhere',
      'cannot read ~/nowhere: no such file or directory',
    ],
    ['--proxy-isolation', 'the --proxy-… options need a proxy: add --proxy'],
    [
      '--proxy socks5://h:1 --proxy-except 10.0.0.0/99',
      'proxy exception: wanted an address, a network such as 192.168.0.0/16, or a name, got "10.0.0.0/99"',
    ],
  ])('%s', async (words, line) => {
    const ended = await home.run(
      `up --relay ${RELAY} ${words}`.split(' ').map(word => word.replace('~', home.path)),
    )
    expect(ended.code).toBe(2)
    expect(ended.stderr.replaceAll(home.path, '~')).toContain(`tox-relays: ${line}`)
    expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(ended.stdout + ended.stderr).not.toContain('hunter2')
  })

  it('an URL with a path, which may be the rest of a password', async () => {
    const { code, stderr } = await home.run(['up', '--relay', RELAY, '--proxy', 'socks5://me:hun/ter2@h:1'])
    expect(code).toBe(2)
    expect(stderr).toMatch(/^tox-relays: --proxy: proxy URL: wanted .*\n$/)
    expect(stderr).not.toContain('ter2')
  })
})

describe.concurrent('a port in use', () => {
  it('serve says so', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    await expectRefusal(`serve --port ${port}`, `cannot listen on 127.0.0.1:${port}: the port is in use`)
    server.close()
  })

  it('and of an address that is not ours', () =>
    expectRefusal(
      'serve --host 192.0.2.1',
      'cannot listen on 192.0.2.1:33445: this computer has no such address',
    ))
})
