/** A state as a dot and a word, the same everywhere. */
export function State({ name }: { name: string }) {
  return (
    <span class={`state ${name}`}>
      <i aria-hidden="true" />
      {name}
    </span>
  )
}
