/**
 * The HTTP side: paths, methods, headers. Lets through what the gate lets through and hands it on; knows nothing of
 * relays.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Gate } from './gate.js'
import type { PageFile } from './page-files.js'

export interface Front {
  readonly files: ReadonlyMap<string, PageFile>
  readonly gate: Gate
  /** The path of the page that shows Stately's inspector, if there is to be one. */
  readonly stately: boolean
  /** Paths that need the token. */
  readonly open: {
    /** GET: the response stays open and belongs to the one who is called. */
    readonly [path: string]: ((response: ServerResponse) => void) | undefined
  }
  readonly metrics: () => string
  /** POST: JSON in, JSON out. */
  readonly act: (body: unknown) => object
}

/** An action is a few lines of JSON. */
const MAX_BODY_SIZE = 4096
const STATELY = 'https://stately.ai'

export const createFront = (front: Front): Server =>
  createServer((request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    serve(front, request, response).catch(() => answer(response, 500, 'the dashboard failed'))
  })

/** No script, style or connection but our own; nobody may put the page in a frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
]
const policyOf = (...more: string[]): string => [...POLICY, ...more].join('; ')

const HEADERS = {
  'content-security-policy': policyOf(),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  'cache-control': 'no-store',
}

async function serve(front: Front, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = ''] = (request.url ?? '').split('?')
  const file = front.files.get(pathOfFile(path, front))
  const refusal = file ? front.gate.judgeOrigin(request) : front.gate.judge(request)
  if (refusal) return answer(response, refusal.status, refusal.words)
  const wanted = path === '/action' ? 'POST' : 'GET'
  if (request.method !== wanted) return answer(response, 405, `wanted ${wanted}`)
  if (file) return sendFile(response, path, file)
  if (path === '/action') return serveAction(front, request, response)
  if (path === '/metrics') return answer(response, 200, front.metrics(), METRICS_TYPE)
  const open = Object.hasOwn(front.open, path) ? front.open[path] : undefined
  if (open) open(response)
  else answer(response, 404, 'nothing here')
}

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

function pathOfFile(path: string, { stately }: Front): string {
  if (path === '/') return '/index.html'
  if (path === '/stately' && stately) return '/stately.html'
  return path.startsWith('/assets/') ? path : ''
}

function sendFile(response: ServerResponse, path: string, { type, bytes }: PageFile): void {
  if (path === '/stately') response.setHeader('content-security-policy', policyOf(`frame-src ${STATELY}`))
  response.writeHead(200, { 'content-type': type, 'content-length': bytes.length }).end(bytes)
}

async function serveAction(front: Front, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.headers['content-type'] !== 'application/json') return answer(response, 415, 'wanted JSON')
  const text = await readBody(request)
  if (text === undefined) return answer(response, 413, `wanted at most ${MAX_BODY_SIZE} bytes`)
  const body = parse(text)
  if (body === undefined) return answer(response, 400, 'that is no JSON')
  answer(response, 200, JSON.stringify(front.act(body)), 'application/json')
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > MAX_BODY_SIZE) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function answer(response: ServerResponse, status: number, words: string, type = 'text/plain'): void {
  if (response.headersSent) return void response.destroy()
  // A body that was not read to its end would be taken for the next request.
  if (status >= 400) response.setHeader('connection', 'close')
  response.writeHead(status, { 'content-type': type }).end(words)
}
