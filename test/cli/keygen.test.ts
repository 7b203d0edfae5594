import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildProgram, type Home, newHome } from './program.js'

let home: Home

beforeAll(async () => {
  buildProgram()
  home = await newHome()
})
afterAll(() => home[Symbol.asyncDispose]())

describe('keygen', () => {
  it('makes an identity that only its owner may read, and prints the public key, never the secret one', async () => {
    const { code, stdout, stderr } = await home.run(['keygen'])
    const file = join(home.path, 'config/tox-relays/identity.json')
    const { publicKey, secretKey } = JSON.parse(await readFile(file, 'utf8'))
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${publicKey}\n` })
    expect(publicKey).toMatch(/^[0-9A-F]{64}$/)
    expect(secretKey).toMatch(/^[0-9A-F]{64}$/)
    expect(stdout + stderr).not.toContain(secretKey)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(join(home.path, 'config/tox-relays'))).mode & 0o777).toBe(0o700)
  })

  it('replaces no identity unless it is told to', async () => {
    const file = join(home.path, 'mine.json')
    const first = await home.run(['keygen', file])
    const second = await home.run(['keygen', file])
    expect(second).toEqual({
      code: 2,
      stdout: '',
      stderr: `tox-relays: ${file} is there already: --force replaces it, and the identity in it is lost\n`,
    })
    expect(await readFile(file, 'utf8')).toContain(first.stdout.trim())
    const third = await home.run(['keygen', '--force', file])
    expect(third.code).toBe(0)
    expect(await readFile(file, 'utf8')).toContain(third.stdout.trim())
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readdir(home.path)).toEqual(['config', 'mine.json'])
  })
})
