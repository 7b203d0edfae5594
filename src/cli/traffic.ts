/** What went to each friend and what came from him, counted by the program itself. */
import type { Friend, RelayManager, SendResult } from '../index.js'

export interface FriendCounts {
  sent: number
  received: number
}

export class Traffic {
  readonly #counts = new WeakMap<Friend, FriendCounts>()

  constructor(manager: RelayManager) {
    manager.packets$.subscribe(({ friend }) => {
      this.of(friend).received++
    })
  }

  of(friend: Friend): FriendCounts {
    const known = this.#counts.get(friend)
    if (known) return known
    const counts = { sent: 0, received: 0 }
    this.#counts.set(friend, counts)
    return counts
  }

  /** Sends and counts. */
  send(friend: Friend, data: Uint8Array): SendResult {
    const result = friend.send(data)
    if (result === 'sent' || result === 'sent-oob') this.of(friend).sent++
    return result
  }
}
