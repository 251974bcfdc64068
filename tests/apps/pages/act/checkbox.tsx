import { Checkbox } from '@radix-ui/react-checkbox'

export default (body: string) => (
  <Checkbox checked data-page="checkbox">
    {`checkbox says ${body}`}
  </Checkbox>
)
