import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { budgetMs } from '../../src/io/dial.js'
import { isolate } from '../../src/io/isolation.js'
import { type ProxyOptions, parseProxy, proxyOptionsOf, redactProxy } from '../../src/io/proxy.js'

const PASSWORD = 'hünter/2@:#'
const ENCODED = encodeURIComponent(PASSWORD)

const messageOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    return error instanceof TypeError || error instanceof RangeError ? inspect(error) : `wrong kind: ${error}`
  }
  return 'nothing thrown'
}

describe('a proxy URL', () => {
  test.each([
    ['socks5://127.0.0.1:9050', 'socks5', '127.0.0.1', 9050],
    ['socks5h://proxy.lan', 'socks5', 'proxy.lan', 1080],
    ['SOCKS5://[::1]:1', 'socks5', '::1', 1],
    ['socks4://proxy.lan/', 'socks4', 'proxy.lan', 1080],
    ['socks4a://proxy.lan:4', 'socks4', 'proxy.lan', 4],
    ['http://proxy.lan', 'http', 'proxy.lan', 80],
    ['http://[2001:db8::1]:3128', 'http', '2001:db8::1', 3128],
    ['socks5://b%C3%BCro.lan', 'socks5', 'büro.lan', 1080],
  ])('%s', (url, kind, host, port) => {
    for (const form of [url, new URL(url)]) expect(parseProxy(form)).toMatchObject({ kind, host, port })
  })

  test('holds user and password percent-encoded', () => {
    const { credentials } = parseProxy(`socks5://b%20b:${ENCODED}@h`)
    expect(credentials?.reveal()).toEqual({ user: 'b b', password: PASSWORD })
    expect(parseProxy('http://user@h').credentials?.reveal()).toEqual({ user: 'user', password: '' })
    expect(parseProxy('http://:pass@h').credentials?.reveal()).toEqual({ user: '', password: 'pass' })
    expect(parseProxy('socks5://h').credentials).toBeUndefined()
  })

  test('may get its password from elsewhere', () => {
    const proxy = parseProxy({ ...proxyOptionsOf('http://me@proxy.lan:3128'), password: PASSWORD })
    expect(proxy.credentials?.reveal()).toEqual({ user: 'me', password: PASSWORD })
  })

  test.each([
    'https://h:1',
    'socks://h',
    'ftp://h',
    'h:1080',
    '127.0.0.1:9050',
    'proxy',
    '',
    'socks5://',
    'socks5://h:0',
    'socks5://h:65536',
    'socks5://h:port',
    'socks5://user:hunter2%@h',
    'socks5://user:hunter2%ff@h',
    'socks5://user:hun/ter2@h',
    'socks5://user:1/hunter2@h',
    'socks5://user:1?hunter2@h',
    'socks5://user:1#hunter2@h',
    'socks5://h/hunter2',
    'socks5://h?hunter2',
    'user:hunter2@h:1080',
    'socks4://user:hunter2@h',
    'http://us%3Aer:hunter2@h',
    'http://user:hunter2%0D%0AX:y@h',
    `socks5://user:hunter2${'x'.repeat(249)}@h`,
  ])('%s is refused, without a word of the password', url => {
    const message = messageOf(() => parseProxy(url))
    expect(message).toMatch(/^(Type|Range)Error: (proxy|host|port)/)
    expect(message).not.toMatch(/hunter2|ter2|wrong kind|nothing thrown/)
  })
})

describe('a proxy object', () => {
  test('says what a URL says', () => {
    const options: ProxyOptions = { kind: 'socks5', host: '::1', user: 'u', password: PASSWORD }
    expect(parseProxy(options)).toMatchObject({ kind: 'socks5', host: '::1', port: 1080, isolation: false })
    expect(parseProxy(options).credentials?.reveal()).toEqual({ user: 'u', password: PASSWORD })
  })

  test.each([
    [{ kind: 'https', host: 'h' }, /socks5, socks4 or http, got "https"/],
    [{ kind: 'toString', host: 'h' }, /socks5, socks4 or http/],
    [{ kind: 'http', host: '' }, /wanted an address or a name/],
    [{ kind: 'http' }, /wanted an address or a name/],
    [{ kind: 'http', host: 'h', port: 1.5 }, /wanted 1–65535, got 1.5/],
    [{ kind: 'http', host: 'h', budgetMs: 0 }, /budgetMs/],
    [{ kind: 'http', host: 'h', budgetMs: Number.NaN }, /budgetMs/],
    [{ kind: 'http', host: 'h', isolation: true }, /isolation: wanted socks5, got http/],
    [{ kind: 'socks4', host: 'h', isolation: true }, /isolation: wanted socks5, got socks4/],
    [{ kind: 'socks5', host: 'h', isolation: true, user: 'u' }, /isolation derives its own/],
    [{ kind: 'socks5', host: 'h', except: ['10.0.0.0/33'] }, /exception/],
    [{ kind: 'socks5', host: 'h', password: 5 }, /wanted text/],
    ['nonsense', /^TypeError: proxy/],
    [undefined, /^TypeError: proxy/],
  ])('%j is refused: %s', (options, words) => {
    expect(messageOf(() => parseProxy(options as ProxyOptions))).toMatch(words)
  })
})

describe('a password', () => {
  const PROXIES = [
    parseProxy(`socks5://user:${ENCODED}@proxy.lan`),
    parseProxy(`http://user:${ENCODED}@[::1]:3128`),
  ]
  test.each(PROXIES)('shows nowhere', proxy => {
    const shown = [
      inspect(proxy, { depth: 9, showHidden: true }),
      JSON.stringify(proxy),
      JSON.stringify(structuredClone(proxy.credentials)),
      redactProxy(proxy),
      `${proxy.credentials}`,
    ]
    for (const text of shown) expect(text).not.toMatch(/hünter|h%C3/)
  })

  test('is *** where a proxy is shown', () => {
    expect(PROXIES.map(redactProxy)).toEqual([
      'socks5://user:***@proxy.lan:1080',
      'http://user:***@[::1]:3128',
    ])
    expect(redactProxy(parseProxy('socks4://h'))).toBe('socks4://h:1080')
  })
})

describe('the time for an attempt', () => {
  test.each([
    ['socks5://h', 30_000],
    ['http://h:9050', 30_000],
    ['socks5://127.0.0.1:9050', 120_000],
    ['socks5://127.0.0.1:9150', 120_000],
  ])('through %s is %i ms', (url, ms) => {
    expect(budgetMs(parseProxy(url))).toBe(ms)
  })

  test('is Tor’s with isolation, 10 s without a proxy, and what the user says', () => {
    expect(budgetMs(parseProxy({ kind: 'socks5', host: 'h', isolation: true }))).toBe(120_000)
    expect(budgetMs()).toBe(10_000)
    expect(budgetMs(parseProxy({ kind: 'socks5', host: 'h', isolation: true, budgetMs: 5 }))).toBe(5)
  })
})

describe('isolation', () => {
  const TOR = parseProxy({ kind: 'socks5', host: '127.0.0.1', port: 9050, isolation: true })
  const KEY = Uint8Array.from({ length: 32 }, (_, i) => i)
  const loginOf = (key: Uint8Array) => isolate(TOR, key).credentials?.reveal()

  test('gives two identities different logins, and one always the same', () => {
    expect(loginOf(KEY)).toEqual(loginOf(KEY))
    const other = loginOf(KEY.toReversed())
    expect(other?.user).not.toBe(loginOf(KEY)?.user)
    expect(other?.password).not.toBe(loginOf(KEY)?.password)
  })

  test('does not show the key', () => {
    const shown = `${loginOf(KEY)?.user}${loginOf(KEY)?.password}`
    expect(shown).toMatch(/^[0-9a-f]{64}$/)
    expect(shown).not.toContain(Buffer.from(KEY).toString('hex').slice(0, 8))
  })

  test('changes nothing where it is not asked for', () => {
    for (const url of ['socks5://u:p@h', 'socks4://h', 'http://h']) {
      const proxy = parseProxy(url)
      expect(isolate(proxy, KEY)).toBe(proxy)
    }
  })
})
