/** Sends what friends send back to them: the other side of `tox-relays ping`. */
import type { RelayManager } from '../index.js'
import type { Traffic } from './traffic.js'

/** A packet goes back as it came: on the friend's route, or out of band through the very relay that brought it. */
export function echo(manager: RelayManager, traffic: Traffic): void {
  manager.packets$.subscribe(({ friend, data, relay, oob }) => {
    if (oob) manager.sendOob(friend.publicKey, data, relay)
    else traffic.send(friend, data)
  })
  manager.oob$.subscribe(({ publicKey, data, relay }) => {
    if (manager.friend(publicKey)) manager.sendOob(publicKey, data, relay)
  })
}
