import { act } from 'react'
import { createRoot } from 'react-dom/client'

globalThis.IS_REACT_ACT_ENVIRONMENT = true

/** Renders a page of the client app, and gives the text that it shows. */
export async function shown(Page) {
  const element = document.body.appendChild(document.createElement('div'))
  await act(async () => createRoot(element).render(<Page />))
  return element.textContent
}
