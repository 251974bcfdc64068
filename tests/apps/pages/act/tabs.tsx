import { Tabs, TabsContent } from '@radix-ui/react-tabs'

export default (body: string) => (
  <Tabs defaultValue="only">
    <TabsContent value="only">
      <p data-page="tabs">{`tabs says ${body}`}</p>
    </TabsContent>
  </Tabs>
)
