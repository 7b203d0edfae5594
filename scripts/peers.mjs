/**
 * Installs the real programs that the tests meet, from Debian, and builds `build/tox-c-peer`. Does nothing, fast, when
 * all of it is there. Needs apt-get, and root or sudo if something is missing.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const PACKAGES = [
  ...'toxcore-utils libtoxcore-dev libsodium-dev gcc libc6-dev pkg-config'.split(' '),
  ...'microsocks dante-server tinyproxy squid tor'.split(' '),
  ...'strace iproute2 chromium'.split(' '),
]
/** What Debian starts and enables with some of them; the tests start their own. */
const SERVICES = {
  microsocks: 'microsocks',
  'dante-server': 'danted',
  tinyproxy: 'tinyproxy',
  squid: 'squid',
  tor: 'tor',
}

/**
 * Runs as root; its arguments are the packages. While policy-rc.d says 101, no service is started. One that is there
 * already belongs to the owner of the machine and stays.
 */
const INSTALL = `
set -eu
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
lock='-o DPkg::Lock::Timeout=300'
apt-get $lock -q update || echo 'tox-relays: going on with the package lists that are there' >&2
apt-get $lock -q install -y --no-install-recommends "$@"
`
/** Runs as root; its arguments are services that were not on the machine before: none shall start at its next boot. */
const DISABLE = 'if command -v systemctl; then systemctl disable "$@"; fi >/dev/null 2>&1 || true'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const C_PEER = 'build/tox-c-peer'
const C_PEER_SOURCE = 'test/peers/tox-c-peer.c'
const TEXT = { encoding: 'utf8' }

if (process.argv[1] === fileURLToPath(import.meta.url)) main()

function main() {
  process.chdir(ROOT)
  const missing = missingPackages()
  if (missing.length > 0) install(missing)
  if (!isUpToDate(C_PEER, C_PEER_SOURCE)) compileCPeer()
}

/** What `npm run peers` would add; everything on a machine without dpkg. */
export function missingPeers() {
  return [...missingPackages(), ...(isUpToDate(C_PEER, C_PEER_SOURCE) ? [] : [C_PEER])]
}

function missingPackages() {
  const query = ['-W', '-f', `\${Package} \${db:Status-Status}\n`, ...PACKAGES]
  const installed = (spawnSync('dpkg-query', query, TEXT).stdout ?? '').split('\n')
  return PACKAGES.filter(name => !installed.includes(`${name} installed`))
}

function install(packages) {
  const names = packages.join(' ')
  if (!isCommand('apt-get')) fail(`there is no apt-get here. By other means, install: ${names}`)
  say(`installing ${names} …`)
  const services = packages.flatMap(name => SERVICES[name] ?? [])
  asRoot(INSTALL, packages)
  asRoot(DISABLE, services)
}

function asRoot(script, args) {
  const command = ['sh', '-c', script, 'peers', ...args]
  if (process.getuid?.() === 0) return run(command)
  if (!isCommand('sudo')) fail('installing packages needs root, and there is no sudo here')
  run(['sudo', ...command])
}

function compileCPeer() {
  const flags = ['-lsodium', '-lpthread', '-lm', '-lopus', '-lvpx']
  const fresh = `${C_PEER}.${process.pid}`
  mkdirSync(dirname(C_PEER), { recursive: true })
  run(['gcc', '-O2', '-o', fresh, C_PEER_SOURCE, `${toxcoreDirectory()}/libtoxcore.a`, ...flags])
  renameSync(fresh, C_PEER)
}

function toxcoreDirectory() {
  const { stdout, status } = spawnSync('pkg-config', ['--variable=libdir', 'toxcore'], TEXT)
  if (status !== 0) fail('pkg-config does not find toxcore')
  return stdout.trim()
}

function isUpToDate(file, source) {
  return existsSync(file) && statSync(file).mtimeMs >= statSync(source).mtimeMs
}

function isCommand(name) {
  return spawnSync('sh', ['-c', 'command -v "$0"', name]).status === 0
}

/** Runs a program to its end, its output on stderr; its failure ends ours. */
function run([command, ...args]) {
  const { status, error } = spawnSync(command, args, { stdio: ['inherit', 2, 2] })
  if (status !== 0) fail(`${command} failed: ${error?.message ?? `exit ${status}`}`)
}

function say(words) {
  process.stderr.write(`tox-relays: ${words}\n`)
}

function fail(words) {
  say(words)
  process.exit(1)
}
