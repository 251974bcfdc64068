import * as Dialog from '@radix-ui/react-dialog'

export default function Page() {
  return (
    <Dialog.Root>
      <Dialog.Trigger>dialog says 42</Dialog.Trigger>
    </Dialog.Root>
  )
}
