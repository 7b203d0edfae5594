/** What tests with real sockets need of managers: pairs that meet, and streams that are awaited instead of slept for. */
import { filter, firstValueFrom, type Observable, timeout } from 'rxjs'
import {
  createRelayManager,
  type Friend,
  generateKeyPair,
  type ManagerOptions,
  type RelayInput,
  type RelayManager,
  type Status,
} from '../../src/index.js'

/** Nothing that a test waits for on loopback takes longer, in ms. */
const PATIENCE_MS = 15_000

/** The first value that is as wanted. */
export const first = <T>(values$: Observable<T>, wanted: (value: T) => boolean = () => true): Promise<T> =>
  firstValueFrom(values$.pipe(filter(wanted), timeout({ first: PATIENCE_MS })))

export const online = (friend: Friend): Promise<unknown> => first(friend.state$, state => state === 'online')

export const status = (manager: RelayManager, wanted: (status: Status) => boolean): Promise<Status> =>
  first(manager.status$, wanted)

export async function newManager(options: Omit<ManagerOptions, 'keyPair'>): Promise<RelayManager> {
  return createRelayManager({ keyPair: await generateKeyPair(), ...options })
}

export interface Meeting extends AsyncDisposable {
  readonly a: RelayManager
  readonly b: RelayManager
  readonly toB: Friend
  readonly toA: Friend
}

/** Two managers on these relays, each the other's friend, not yet online. */
export async function meeting(
  relays: readonly RelayInput[],
  options: Partial<ManagerOptions> = {},
): Promise<Meeting> {
  const [a, b] = [await newManager({ relays, ...options }), await newManager({ relays, ...options })]
  return {
    a,
    b,
    toB: a.addFriend(b.publicKey),
    toA: b.addFriend(a.publicKey),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([a.close(), b.close()])
    },
  }
}

/** Sends numbered packets as fast as `send` takes them; resolves with the numbers that arrived, in their order. */
export function streamNumbers(from: Friend, to: Friend, count: number, size: number): Promise<number[]> {
  const payload = new Uint8Array(size)
  const arrived: number[] = []
  let sent = 0
  return new Promise(resolve => {
    const arrivals = to.packets$.subscribe(({ data }) => {
      arrived.push(new DataView(data.buffer, data.byteOffset).getUint32(0))
      if (arrived.length < count) return
      arrivals.unsubscribe()
      drains.unsubscribe()
      resolve(arrived)
    })
    const pump = () => {
      while (sent < count) {
        new DataView(payload.buffer).setUint32(0, sent)
        if (from.send(payload) !== 'sent') return
        sent++
      }
    }
    const drains = from.drain$.subscribe(pump)
    pump()
  })
}
