/** The status events of a manager, as an Observable and as an async iterable (behaviour §7). */
import { Observable, Subject } from 'rxjs'
import type { Status } from './status.js'

/** What an async iteration that falls behind keeps; older ones are dropped and counted. */
const ITERATION_BUFFER = 1_000

export class StatusStream extends Observable<Status> implements AsyncIterable<Status> {
  readonly #subject: Subject<Status>
  /** Events that iterations dropped because they fell behind. */
  dropped = 0

  constructor() {
    const subject = new Subject<Status>()
    super(subscriber => subject.subscribe(subscriber))
    this.#subject = subject
  }

  tell(status: Status): void {
    this.#subject.next(status)
  }

  complete(): void {
    this.#subject.complete()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Status, void, void> {
    const waiting: Status[] = []
    let done = false
    let wake = (): void => {}
    const subscription = this.#subject.subscribe({
      next: status => {
        if (waiting.push(status) > ITERATION_BUFFER) {
          waiting.shift()
          this.dropped++
        }
        wake()
      },
      complete: () => {
        done = true
        wake()
      },
    })
    try {
      for (;;) {
        const next = waiting.shift()
        if (next) yield next
        else if (done) return
        else
          await new Promise<void>(resolve => {
            wake = resolve
          })
      }
    } finally {
      subscription.unsubscribe()
    }
  }
}
