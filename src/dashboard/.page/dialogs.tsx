/** Adding relays and friends, and the help. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { KEYS } from './keys.js'
import { ask, dialog } from './store.js'

export function Dialogs() {
  switch (dialog.value) {
    case 'relay':
      return <AddRelay />
    case 'friend':
      return <AddFriend />
    case 'help':
      return <Help />
    default:
      return null
  }
}

function AddRelay() {
  const [relay, setRelay] = useState('')
  const [pinned, setPinned] = useState(false)
  const add = () => ask({ type: 'relay.add', relay: relay.trim(), pinned })
  return (
    <Form title="Add a relay" button="Add relay" act={add}>
      <label>
        Address and key
        <input
          name="relay"
          required
          autoComplete="off"
          spellcheck={false}
          placeholder="host:port:PUBLICKEY"
          value={relay}
          onInput={event => setRelay(event.currentTarget.value)}
        />
      </label>
      <label class="check">
        <input type="checkbox" checked={pinned} onChange={event => setPinned(event.currentTarget.checked)} />
        Pinned: always kept connected
      </label>
    </Form>
  )
}

function AddFriend() {
  const [key, setKey] = useState('')
  return (
    <Form title="Add a friend" button="Add friend" act={() => ask({ type: 'friend.add', key: key.trim() })}>
      <label>
        His DHT public key
        <input
          name="friend"
          required
          autoComplete="off"
          spellcheck={false}
          placeholder="64 hex digits"
          value={key}
          onInput={event => setKey(event.currentTarget.value)}
        />
      </label>
    </Form>
  )
}

function Help() {
  return (
    <Modal title="Keys">
      <dl class="keys">
        {KEYS.map(([keys, words]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <p class="buttons">
        <button type="button" class="main" onClick={close}>
          Close
        </button>
      </p>
    </Modal>
  )
}

const close = (): void => {
  dialog.value = undefined
}

interface FormProps {
  title: string
  button: string
  act: () => Promise<boolean>
  children: ComponentChildren
}

function Form({ title, button, act, children }: FormProps) {
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (await act()) close()
  }
  return (
    <Modal title={title}>
      <form onSubmit={submit}>
        {children}
        <p class="buttons">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="main">
            {button}
          </button>
        </p>
      </form>
    </Modal>
  )
}

function Modal({ title, children }: { title: string; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => ref.current?.showModal(), [])
  return (
    <dialog ref={ref} onClose={close} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </dialog>
  )
}
