// Runs where the packages run: in the page, in Vite's module runner, in workerd.
import { told } from './shape.mjs'

/** The answer of a module that nobody has met before; one without an answer is there to be imported. */
export async function ask(load) {
  try {
    const { answer } = await load()
    return { answer: await answer?.() }
  } catch (error) {
    return { error: told(error) }
  }
}
