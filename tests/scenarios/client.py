"""A workflow client: starts the workflow that the body of an /invoke asks for. Arguments: Temporal's address, the body."""

import asyncio
import json
import os
import sys

from temporalio.client import Client

ADDRESS, BODY = sys.argv[1:3]


async def main() -> None:
    spec = json.loads(BODY)
    options = spec["workflowStartOptions"]
    client = await Client.connect(ADDRESS)
    # EMCO's generic client: the workflow type is the name of the task queue.
    queue = options["TaskQueue"]
    await client.start_workflow(queue, spec["workflowParams"], id=options["ID"], task_queue=queue)


asyncio.run(main())
# Past the interpreter's own end, in which the SDK's threads now and then abort the process.
os._exit(0)
