/**
 * Reads server-sent events by fetch, not by EventSource: that cannot send the token in a header, and a cookie would
 * reach other servers on this machine, too.
 */

/** The server says something every second or so; after this silence it is taken for dead, in ms. */
const SILENCE_MS = 15_000

/** @returns the status, when the stream is at its end */
export async function readEvents<Message>(
  path: string,
  token: string,
  signal: AbortSignal,
  tell: (message: Message) => void,
): Promise<number> {
  const watchdog = new AbortController()
  const response = await fetch(path, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.any([signal, watchdog.signal]),
  })
  if (!response.ok || !response.body) return response.status
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const silence = window.setTimeout(() => watchdog.abort(), SILENCE_MS)
    const { value, done } = await reader.read().finally(() => window.clearTimeout(silence))
    if (done) return response.status
    const events = (rest + value).split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events) if (event.startsWith('data: ')) tell(JSON.parse(event.slice('data: '.length)))
  }
}
