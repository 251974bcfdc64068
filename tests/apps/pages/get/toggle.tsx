import { Toggle } from '@radix-ui/react-toggle'

export default function TogglePage() {
  return (
    <Toggle pressed data-page="toggle">
      toggle says hello
    </Toggle>
  )
}
