/**
 * Hands what our actors do to Stately's inspector in a frame. It comes from the internet and is told no more than the
 * server's allow-list lets through; it cannot reach this page or the server.
 */

import { readEvents } from './event-reader.js'
import { takeToken } from './token.js'
import './base.css'
import './stately.css'

const INSPECTOR = 'https://stately.ai'
const RETRY_MS = 1_000

const frame = document.querySelector<HTMLIFrameElement>('#inspector')
const news = document.querySelector('#news')
const token = takeToken()
let started = false

addEventListener('message', event => {
  if (event.origin !== INSPECTOR || event.data?.type !== '@statelyai.connected' || started) return
  started = true
  void run()
})
if (frame) frame.src = `${INSPECTOR}/inspect`

async function run(): Promise<void> {
  say('')
  const status = await readEvents('/inspection', token, new AbortController().signal, event =>
    frame?.contentWindow?.postMessage(event, INSPECTOR),
  ).catch(() => 0)
  if (status === 401) return say('Open this page from the dashboard: it needs the token.')
  say('The program does not answer; trying again …')
  setTimeout(run, RETRY_MS)
}

function say(words: string): void {
  if (news) news.textContent = words
}
