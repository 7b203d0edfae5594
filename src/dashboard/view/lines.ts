/** Numbers over time as the paths of an SVG. */
import type { TrafficPoint } from '../wire.js'

export interface Size {
  readonly width: number
  readonly height: number
}

/** A line through values at even distances, the newest at the right edge. The lowest lies at the bottom. */
export function sparkline(values: readonly number[], { width, height }: Size, slots: number): string {
  if (values.length === 0) return ''
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const span = Math.max(high - low, high * FLAT, 1e-9)
  const step = width / Math.max(1, slots - 1)
  const left = width - step * (values.length - 1)
  return values
    .map((value, index) => {
      const y = height - 1 - ((value - low) / span) * (height - 2)
      return `${index === 0 ? 'M' : 'L'}${(left + index * step).toFixed(1)} ${y.toFixed(1)}`
    })
    .join('')
}

/** Differences smaller than this share of the value do not fill the height: noise is not drama. */
const FLAT = 0.25

/** A round number at or above the highest rate, for the top of the scale. */
export function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, LEAST_CEILING)))
  const step = [1, 2, 5, 10].find(factor => factor * power >= value) ?? 10
  return Math.max(step * power, LEAST_CEILING)
}

const LEAST_CEILING = 100

/** Bytes a second of each point, by the time since the one before. */
export function ratesOf(
  points: readonly TrafficPoint[],
): { at: number; bytesIn: number; bytesOut: number }[] {
  return points.slice(1).map(([at, bytesIn, bytesOut], index) => {
    const seconds = Math.max(0.001, (at - (points[index]?.[0] ?? at)) / 1_000)
    return { at, bytesIn: bytesIn / seconds, bytesOut: bytesOut / seconds }
  })
}

/** The area between a line and its ground. @param place where a value stands */
export function area(points: readonly (readonly [x: number, y: number])[], ground: number): string {
  const [first] = points
  const last = points.at(-1)
  if (!first || !last) return ''
  const line = points.map(([x, y]) => `L${x.toFixed(1)} ${y.toFixed(1)}`).join('')
  return `M${first[0].toFixed(1)} ${ground}${line}L${last[0].toFixed(1)} ${ground}Z`
}
