import { renderToString } from 'react-dom/server'

const pages = import.meta.glob('../../pages/get/*.tsx')

export async function render(module: string): Promise<string> {
  const { default: Page } = await pages[`../../pages/${module}`]()
  return renderToString(<Page />)
}
