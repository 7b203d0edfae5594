/**
 * A store remembers relays, how good they were, and friends: a node that starts anew needs to be told nothing.
 *
 * Prints:
 *   first run: 1 relay, 1 friend
 *   second run: 1 relay, 1 friend
 *   the friend is online again
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { filter, firstValueFrom } from 'rxjs'
import { createRelayManager, generateKeyPair, openStore } from 'tox-relays'
import { startRelay } from 'tox-relays/server'

const directory = await mkdtemp(join(tmpdir(), 'tox-relays-'))
const store = openStore(join(directory, 'state.json'), { report: problem => console.error(problem) })
const keyPair = await generateKeyPair()
const relay = await startRelay()
const bob = await createRelayManager({ keyPair: await generateKeyPair(), relays: [relay] })

const counts = ({ relays, friends }) => `${relays.length} relay, ${friends.length} friend`
const online = friend => firstValueFrom(friend.state$.pipe(filter(state => state === 'online')))

const first = await createRelayManager({ keyPair, store, relays: [relay] })
bob.addFriend(first.publicKey)
await online(first.addFriend(bob.publicKey))
console.log('first run:', counts(first))
await first.close()

const second = await createRelayManager({ keyPair, store })
console.log('second run:', counts(second))
await online(second.friend(bob.publicKey))
console.log('the friend is online again')

await Promise.all([second.close(), bob.close()])
await relay.close()
await rm(directory, { recursive: true })
