/** A manager that remembers: what it saves, and what it knows again. */
import { afterEach, describe, expect, it } from 'vitest'
import { createRelayManager, type RelayManager, type Store, type StoreContent } from '../src/index.js'
import { cryptoReady, type KeyPair, newKeyPair, systemRandom } from '../src/protocol/crypto.js'
import { MemoryNetwork, startMemoryRelay, VirtualClock } from '../src/testing/index.js'

/** A store that only remembers. */
class MemoryStore implements Store {
  content: StoreContent = { relays: [], friends: [] }
  saves = 0

  async load(): Promise<StoreContent> {
    return this.content
  }

  async save(content: StoreContent): Promise<void> {
    this.saves++
    this.content = structuredClone(content)
  }
}

const open: RelayManager[] = []
await cryptoReady()
const [own, friendKey] = [newKeyPair(systemRandom), newKeyPair(systemRandom).publicKey]
const clock = new VirtualClock()
const network = new MemoryNetwork({ clock })
const relay = await startMemoryRelay({ network, host: '10.0.0.1', port: 443 })

const address = { host: '10.0.0.1', port: 443, publicKey: relay.publicKey }

async function manager(store: Store, keyPair: KeyPair = own): Promise<RelayManager> {
  const made = await createRelayManager({
    keyPair,
    store,
    clock,
    dial: network.dial,
    policies: { allowPrivate: true },
  })
  open.push(made)
  return made
}

async function closed(which: RelayManager): Promise<void> {
  const closing = which.close()
  await clock.advance(3_000)
  await closing
}

afterEach(async () => {
  for (const each of open.splice(0)) await closed(each)
})

describe('a manager with a store', () => {
  it('knows its relays, their scores and its friends again', async () => {
    const store = new MemoryStore()
    const before = await manager(store)
    before.addRelay({ ...address, pinned: true })
    before.addFriend(friendKey)
    await clock.advance(5_000)
    await closed(before)
    const after = await manager(store)
    expect(after.friends.map(({ publicKey }) => publicKey)).toEqual([friendKey])
    expect(after.relays.map(({ addresses, origin, pinned }) => ({ addresses, origin, pinned }))).toEqual([
      { addresses: [{ host: '10.0.0.1', port: 443 }], origin: 'user', pinned: true },
    ])
    expect(after.relays[0]?.stats).toMatchObject({ success: 1, rttMs: expect.any(Number) })
  })

  it('ties a friend again to the relay that he offered', async () => {
    const store = new MemoryStore()
    const before = await manager(store)
    before.addFriend(friendKey, { relays: [address] })
    await clock.advance(5_000)
    await closed(before)
    const after = await manager(store)
    expect(after.friend(friendKey)?.routes.map(({ relay: { origin } }) => origin)).toEqual(['friend'])
  })

  it('does not bring back a relay that a policy refuses now', async () => {
    const store = new MemoryStore()
    store.content = {
      relays: [
        {
          publicKey: Buffer.from(relay.publicKey).toString('hex'),
          addresses: [
            { host: '127.0.0.1', port: 1 },
            { host: '8.8.8.8', port: 443 },
          ],
          origin: 'friend',
          pinned: false,
          share: true,
        },
      ],
      friends: [],
    }
    const strict = await createRelayManager({ keyPair: own, store, clock, dial: network.dial })
    open.push(strict)
    expect(strict.relays.flatMap(({ addresses }) => addresses)).toEqual([{ host: '8.8.8.8', port: 443 }])
  })

  it('saves a burst of changes once', async () => {
    const store = new MemoryStore()
    const busy = await manager(store)
    for (let i = 0; i < 50; i++) busy.addFriend(newKeyPair(systemRandom).publicKey)
    await clock.advance(1_000)
    expect(store.saves).toBe(1)
  })

  it('tells when it cannot save, and goes on', async () => {
    const store = new MemoryStore()
    store.save = () => Promise.reject(new Error('the disk is full'))
    const unlucky = await manager(store)
    const told: unknown[] = []
    unlucky.status$.subscribe(status => status.type === 'store-failed' && told.push(status.problem))
    unlucky.addFriend(friendKey)
    await clock.advance(1_000)
    expect(told).toEqual(['the disk is full'])
  })
})
