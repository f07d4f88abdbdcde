"""The GraphQL documents that are sent, and how Shopify's ids are written. Admin API 2026-10.

An order is fetched by one query only, whoever named it (a webhook, a poll): so there is one shape to read. Amounts are
in the money that the buyer pays with (`presentmentMoney`): captures and refunds are counted in it too.
"""

_MONEY = "{ presentmentMoney { amount currencyCode } }"
_ADDRESS = "{ name company address1 address2 city provinceCode zip countryCodeV2 phone }"
_TAXES = f"taxLines {{ title rate channelLiable priceSet {_MONEY} }}"

LINE_FIELDS = f"""
  id sku title quantity currentQuantity requiresShipping
  variant {{ legacyResourceId }}
  originalUnitPriceSet {_MONEY}
  discountAllocations {{
    allocatedAmountSet {_MONEY}
    discountApplication {{
      ... on DiscountCodeApplication {{ code }}
      ... on AutomaticDiscountApplication {{ title }}
      ... on ManualDiscountApplication {{ title }}
      ... on ScriptDiscountApplication {{ title }}
    }}
  }}
  {_TAXES}
"""
TRANSACTION_FIELDS = f"""
  id kind status gateway processedAt authorizationExpiresAt multiCapturable
  amountSet {_MONEY}
  parentTransaction {{ id parentTransaction {{ id }} }}
"""

ORDER = f"""
query Order($id: ID!) {{
  order(id: $id) {{
    id legacyResourceId name createdAt processedAt updatedAt cancelledAt cancelReason edited test
    presentmentCurrencyCode taxesIncluded customerLocale email phone displayFinancialStatus
    totalPriceSet {_MONEY}
    totalTipReceivedSet {_MONEY}
    originalTotalDutiesSet {_MONEY}
    originalTotalAdditionalFeesSet {_MONEY}
    shippingAddress {_ADDRESS}
    billingAddress {_ADDRESS}
    lineItems(first: 100) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ {LINE_FIELDS} }} }}
    shippingLines(first: 10) {{
      nodes {{ title code isRemoved discountedPriceSet {_MONEY} {_TAXES} }}
    }}
    transactions(first: 100) {{ {TRANSACTION_FIELDS} }}
  }}
}}
"""
MORE_LINES = f"""
query MoreLines($id: ID!, $after: String!) {{
  order(id: $id) {{
    lineItems(first: 100, after: $after) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ {LINE_FIELDS} }} }}
  }}
}}
"""
CHANGED = """
query Changed($query: String!, $after: String) {
  orders(first: 100, after: $after, query: $query, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor }
    nodes { id updatedAt }
  }
}
"""
SHOP = "query Shop { shop { name myshopifyDomain currencyCode } }"

# --- money ---

PAYMENTS = f"""
query Payments($id: ID!, $mark: String!) {{
  order(id: $id) {{
    id cancelledAt
    metafield(namespace: "orderhub", key: $mark) {{ value }}
    transactions(first: 100) {{ {TRANSACTION_FIELDS} }}
    refunds(first: 100) {{ id note transactions(first: 10) {{ nodes {{ {TRANSACTION_FIELDS} }} }} }}
  }}
}}
"""
MARK = """
mutation Mark($metafields: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $metafields) { metafields { id } userErrors { field message code } }
}
"""
CAPTURE = f"""
mutation Capture($input: OrderCaptureInput!) {{
  orderCapture(input: $input) {{ transaction {{ {TRANSACTION_FIELDS} }} userErrors {{ field message }} }}
}}
"""
VOID = f"""
mutation Void($parent: ID!) {{
  transactionVoid(parentTransactionId: $parent) {{
    transaction {{ {TRANSACTION_FIELDS} }}
    userErrors {{ field message code }}
  }}
}}
"""
REFUND = f"""
mutation Refund($input: RefundInput!, $key: String!) {{
  refundCreate(input: $input) @idempotent(key: $key) {{
    refund {{ id note transactions(first: 10) {{ nodes {{ {TRANSACTION_FIELDS} }} }} }}
    userErrors {{ field message }}
  }}
}}
"""

# --- goods ---

FULFILMENTS = """
query Fulfilments($id: ID!) {
  order(id: $id) {
    id cancelledAt tags
    fulfillments(first: 100) {
      id status trackingInfo { number company }
      fulfillmentLineItems(first: 100) { nodes { quantity lineItem { id } } }
    }
    fulfillmentOrders(first: 50) {
      nodes {
        id status
        assignedLocation { location { id } }
        lineItems(first: 100) { nodes { id remainingQuantity lineItem { id } } }
      }
    }
    refunds(first: 100) { id note }
  }
}
"""
FULFIL = """
mutation Fulfil($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id status } userErrors { field message } }
}
"""
CANCEL = """
mutation Cancel($id: ID!, $reason: OrderCancelReason!, $notify: Boolean!, $note: String!) {
  orderCancel(
    orderId: $id, reason: $reason, notifyCustomer: $notify, restock: true, staffNote: $note,
    refundMethod: { originalPaymentMethodsRefund: false }
  ) {
    job { id done }
    orderCancelUserErrors { field message code }
  }
}
"""
JOB = "query Job($id: ID!) { job(id: $id) { id done } }"
TAG = """
mutation Tag($id: ID!, $tags: [String!]!) {
  tagsAdd(id: $id, tags: $tags) { node { id } userErrors { field message } }
}
"""

# --- stock ---

LEVELS = """
query Levels($query: String!, $location: ID!, $after: String) {
  productVariants(first: 100, after: $after, query: $query) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id legacyResourceId sku
      inventoryItem {
        id tracked
        inventoryLevel(locationId: $location) { quantities(names: ["available"]) { name quantity } }
      }
    }
  }
}
"""
SET_QUANTITIES = """
mutation SetQuantities($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { field message code }
  }
}
"""


def gid(kind: str, number: str) -> str:
    """Return the global id of a resource's number."""
    return f"gid://shopify/{kind}/{number}"


def number(global_id: str) -> str:
    """Return the number in a global id."""
    return global_id.rpartition("/")[2].partition("?")[0]
