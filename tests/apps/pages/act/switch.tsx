import { Switch } from '@radix-ui/react-switch'

export default (body: string) => (
  <Switch checked data-page="switch">
    {`switch says ${body}`}
  </Switch>
)
