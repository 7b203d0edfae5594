/** What the build script makes of the machines. */
declare module 'virtual:charts' {
  /** The relay's machine as SVG: an id for each state and each transition. */
  export const relayChart: string
  /** What a state of the relay's machine means, by its id. */
  export const descriptions: Readonly<Record<string, string>>
}

declare module '*.css' {}
