"""The same job through Atlan's Python SDK, for the benchmark: the same four requests."""

import os

from pyatlan.client.atlan import AtlanClient
from pyatlan.model.assets import Connection

client = AtlanClient(base_url=os.environ["ATLAN_BASE_URL"], api_key=os.environ["USER_BEARER_TOKEN"])
token = client.token.get_by_name(os.environ["API_TOKEN_NAME"])
username = f"service-account-{token.client_id}"


def connection() -> Connection:
    return client.asset.get_by_qualified_name(
        qualified_name=os.environ["CONNECTION_QUALIFIED_NAME"],
        asset_type=Connection,
        min_ext_info=True,
        ignore_relationships=True,
    )


found = connection()
update = Connection.updater(qualified_name=found.qualified_name, name=found.name)
update.guid = found.guid
update.admin_users = {*found.admin_users, username}
client.asset.save(update)
assert username in connection().admin_users
