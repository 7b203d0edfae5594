/**
 * A machine as a drawing needs it: its states, and its transitions in words. Read from the machine that runs, so that
 * no picture of it can be out of date. Knows nothing of where anything is drawn.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'

export interface ChartState {
  /** The path from the root, for example `relay.attempt.proxy`. */
  readonly id: string
  readonly name: string
  readonly description: string
  /** Where its parent begins. */
  readonly initial: boolean
  readonly final: boolean
  readonly states: readonly ChartState[]
  /** What it hears without leaving. */
  readonly stays: readonly ChartTransition[]
}

export interface ChartTransition {
  /** Unique within the machine, for example `relay.attempt:attempt.failed:0`. */
  readonly id: string
  readonly source: string
  readonly target: string
  /** The event; `after NAME` for a delay; empty for a transition that is taken at once. */
  readonly event: string
  /** The condition, or empty. */
  readonly guard: string
  /** Both in one: `event [guard]`. */
  readonly label: string
  readonly actions: readonly string[]
}

export interface Statechart {
  readonly id: string
  readonly root: ChartState
  /** All that lead somewhere, in the order in which the machine tries them. */
  readonly transitions: readonly ChartTransition[]
}

export function statechartOf(machine: AnyStateMachine): Statechart {
  const root = stateOf(machine.root)
  return { id: machine.id, root, transitions: nodesOf(machine.root).flatMap(moves) }
}

/** The id of a transition, of a machine's definition as well as of one that just happened. */
export function transitionId(transition: AnyTransitionDefinition): string {
  const { source, eventType } = transition
  const siblings = eventType === '' ? source.always : source.transitions.get(eventType)
  const name = eventName(transition).replace(' ', '.') || 'always'
  return `${source.id}:${name}:${siblings?.indexOf(transition) ?? 0}`
}

function stateOf(node: AnyStateNode): ChartState {
  return {
    id: node.id,
    name: node.key,
    description: node.description ?? '',
    initial: node.parent?.initial?.target?.[0] === node,
    final: node.type === 'final',
    states: childrenOf(node).map(stateOf),
    stays: transitionsOf(node).filter(stays).map(wordsOf),
  }
}

const moves = (node: AnyStateNode): ChartTransition[] =>
  transitionsOf(node)
    .filter(transition => !stays(transition))
    .map(wordsOf)

const stays = (transition: AnyTransitionDefinition): boolean => targetOf(transition) === undefined

function wordsOf(transition: AnyTransitionDefinition): ChartTransition {
  const { source } = transition
  const [event, guard] = [eventName(transition), guardOf(transition)]
  return {
    id: transitionId(transition),
    source: source.id,
    target: targetOf(transition)?.id ?? source.id,
    event,
    guard,
    label: [event, guard && `[${guard}]`].filter(part => part !== '').join(' '),
    actions: transition.actions.map(nameOf).filter(name => name !== ''),
  }
}

const targetOf = ({ target }: AnyTransitionDefinition): AnyStateNode | undefined => target?.[0]

/** The event's name in words: XState calls that of a delay `xstate.after.NAME.STATE`. */
export function eventName({ source, eventType }: AnyTransitionDefinition): string {
  const prefix = 'xstate.after.'
  if (!eventType.startsWith(prefix)) return eventType
  return `after ${eventType.slice(prefix.length, -(source.id.length + 1))}`
}

function guardOf({ guard }: AnyTransitionDefinition): string {
  const stateValue: unknown = typeof guard === 'function' && Reflect.get(guard, 'stateValue')
  return stateValue ? `in ${pathOf(stateValue)}` : nameOf(guard)
}

/** `{ attempt: 'proxy' }` as `attempt.proxy`. */
export function pathOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `${value}`
  return Object.entries(value)
    .map(([name, inner]) => `${name}.${pathOf(inner)}`)
    .join(' ')
}

/** The name of an action or a guard; empty when it has none. */
function nameOf(thing: unknown): string {
  if (typeof thing === 'string') return thing
  const type: unknown = typeof thing === 'object' && thing !== null && Reflect.get(thing, 'type')
  return typeof type === 'string' ? type : ''
}

const transitionsOf = (node: AnyStateNode): AnyTransitionDefinition[] => [
  ...[...node.transitions.values()].flat(),
  ...(node.always ?? []),
]

const childrenOf = (node: AnyStateNode): AnyStateNode[] => Object.values(node.states)

const nodesOf = (node: AnyStateNode): AnyStateNode[] => [node, ...childrenOf(node).flatMap(nodesOf)]
