import { Collapsible, CollapsibleContent } from '@radix-ui/react-collapsible'

export default function CollapsiblePage() {
  return (
    <Collapsible open>
      <CollapsibleContent data-page="collapsible">collapsible says hello</CollapsibleContent>
    </Collapsible>
  )
}
