"""The part of the Admin API's schema that the shop answers to: version 2026-10, as shopify.dev documents it.

What is asked for and stands not here is refused by GraphQL's own validation, as Shopify would refuse it.
"""

from graphql import build_schema

SCHEMA = build_schema("""
directive @idempotent(key: String!) on FIELD
scalar DateTime
scalar Money
scalar Decimal
scalar URL
scalar UnsignedInt64

enum OrderCancelReason { CUSTOMER DECLINED FRAUD INVENTORY OTHER STAFF }
enum OrderSortKeys { CREATED_AT ID UPDATED_AT }
enum OrderTransactionKind { SALE CAPTURE AUTHORIZATION VOID REFUND CHANGE EMV_AUTHORIZATION SUGGESTED_REFUND }
enum OrderTransactionStatus { SUCCESS FAILURE PENDING ERROR AWAITING_RESPONSE UNKNOWN }
enum OrderDisplayFinancialStatus { AUTHORIZED EXPIRED PAID PARTIALLY_PAID PARTIALLY_REFUNDED PENDING REFUNDED VOIDED }
enum FulfillmentStatus { CANCELLED ERROR FAILURE SUCCESS }
enum FulfillmentOrderStatus { CANCELLED CLOSED INCOMPLETE IN_PROGRESS ON_HOLD OPEN SCHEDULED }
enum RefundLineItemRestockType { CANCEL LEGACY_RESTOCK NO_RESTOCK RETURN }

interface Node { id: ID! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type MoneyV2 { amount: Decimal! currencyCode: String! }
type MoneyBag { presentmentMoney: MoneyV2! shopMoney: MoneyV2! }
type UserError { field: [String!] message: String! }
type CodedError { field: [String!] message: String! code: String }
type MailingAddress {
  name: String company: String address1: String address2: String city: String provinceCode: String zip: String
  countryCodeV2: String phone: String
}
type TaxLine { title: String! rate: Float channelLiable: Boolean priceSet: MoneyBag! }
type ManualDiscountApplication { title: String! }
type AutomaticDiscountApplication { title: String! }
type ScriptDiscountApplication { title: String! }
type DiscountCodeApplication { code: String! }
union DiscountApplication =
  ManualDiscountApplication | AutomaticDiscountApplication | ScriptDiscountApplication | DiscountCodeApplication
type DiscountAllocation { allocatedAmountSet: MoneyBag! discountApplication: DiscountApplication! }
type LineItem implements Node {
  id: ID! sku: String title: String! quantity: Int! currentQuantity: Int! requiresShipping: Boolean!
  variant: ProductVariant originalUnitPriceSet: MoneyBag! discountAllocations: [DiscountAllocation!]!
  taxLines: [TaxLine!]!
}
type LineItemConnection { nodes: [LineItem!]! pageInfo: PageInfo! }
type ShippingLine {
  title: String! code: String isRemoved: Boolean! discountedPriceSet: MoneyBag! taxLines: [TaxLine!]!
}
type ShippingLineConnection { nodes: [ShippingLine!]! pageInfo: PageInfo! }
type OrderTransaction implements Node {
  id: ID! kind: OrderTransactionKind! status: OrderTransactionStatus! gateway: String processedAt: DateTime
  authorizationExpiresAt: DateTime multiCapturable: Boolean! amountSet: MoneyBag! parentTransaction: OrderTransaction
}
type OrderTransactionConnection { nodes: [OrderTransaction!]! pageInfo: PageInfo! }
type Refund implements Node {
  id: ID! note: String createdAt: DateTime transactions(first: Int, after: String): OrderTransactionConnection!
}
type FulfillmentTrackingInfo { number: String company: String }
type FulfillmentLineItem { id: ID! quantity: Int lineItem: LineItem! }
type FulfillmentLineItemConnection { nodes: [FulfillmentLineItem!]! pageInfo: PageInfo! }
type Fulfillment implements Node {
  id: ID! status: FulfillmentStatus! trackingInfo(first: Int): [FulfillmentTrackingInfo!]!
  fulfillmentLineItems(first: Int, after: String): FulfillmentLineItemConnection!
}
type Location implements Node { id: ID! }
type FulfillmentOrderAssignedLocation { location: Location }
type FulfillmentOrderLineItem { id: ID! remainingQuantity: Int! lineItem: LineItem! }
type FulfillmentOrderLineItemConnection { nodes: [FulfillmentOrderLineItem!]! pageInfo: PageInfo! }
type FulfillmentOrder implements Node {
  id: ID! status: FulfillmentOrderStatus! assignedLocation: FulfillmentOrderAssignedLocation!
  lineItems(first: Int, after: String): FulfillmentOrderLineItemConnection!
}
type FulfillmentOrderConnection { nodes: [FulfillmentOrder!]! pageInfo: PageInfo! }
type Metafield implements Node { id: ID! value: String! }
type Order implements Node {
  id: ID! legacyResourceId: UnsignedInt64! name: String! createdAt: DateTime! processedAt: DateTime!
  updatedAt: DateTime! cancelledAt: DateTime cancelReason: OrderCancelReason edited: Boolean! test: Boolean!
  presentmentCurrencyCode: String! taxesIncluded: Boolean! customerLocale: String email: String phone: String
  displayFinancialStatus: OrderDisplayFinancialStatus totalPriceSet: MoneyBag! totalTipReceivedSet: MoneyBag
  originalTotalDutiesSet: MoneyBag originalTotalAdditionalFeesSet: MoneyBag shippingAddress: MailingAddress
  billingAddress: MailingAddress lineItems(first: Int, after: String): LineItemConnection!
  shippingLines(first: Int, after: String): ShippingLineConnection! transactions(first: Int): [OrderTransaction!]!
  refunds(first: Int): [Refund!]! fulfillments(first: Int): [Fulfillment!]! tags: [String!]!
  fulfillmentOrders(first: Int, after: String): FulfillmentOrderConnection!
  metafield(namespace: String, key: String!): Metafield
}
type OrderConnection { nodes: [Order!]! pageInfo: PageInfo! }
type InventoryQuantity { name: String! quantity: Int! }
type InventoryLevel { quantities(names: [String!]!): [InventoryQuantity!]! }
type InventoryItem implements Node { id: ID! tracked: Boolean! inventoryLevel(locationId: ID!): InventoryLevel }
type ProductVariant implements Node {
  id: ID! legacyResourceId: UnsignedInt64! sku: String inventoryItem: InventoryItem!
}
type ProductVariantConnection { nodes: [ProductVariant!]! pageInfo: PageInfo! }
type Shop { name: String! myshopifyDomain: String! currencyCode: String! }
type Job { id: ID! done: Boolean! }

type Query {
  shop: Shop!
  order(id: ID!): Order
  orders(first: Int, after: String, query: String, sortKey: OrderSortKeys): OrderConnection!
  productVariants(first: Int, after: String, query: String): ProductVariantConnection!
  job(id: ID!): Job
}

input OrderCaptureInput {
  id: ID! parentTransactionId: ID! amount: Money! currency: String finalCapture: Boolean
}
input OrderTransactionInput {
  amount: Money! gateway: String! kind: OrderTransactionKind! orderId: ID! parentId: ID
}
input RefundLineItemInput { lineItemId: ID! quantity: Int! restockType: RefundLineItemRestockType locationId: ID }
input RefundInput {
  orderId: ID! note: String notify: Boolean currency: String refundLineItems: [RefundLineItemInput!]
  transactions: [OrderTransactionInput!]
}
input OrderCancelRefundMethodInput { originalPaymentMethodsRefund: Boolean }
input FulfillmentOrderLineItemInput { id: ID! quantity: Int! }
input FulfillmentOrderLineItemsInput {
  fulfillmentOrderId: ID! fulfillmentOrderLineItems: [FulfillmentOrderLineItemInput!]
}
input FulfillmentTrackingInput { number: String company: String }
input FulfillmentInput {
  lineItemsByFulfillmentOrder: [FulfillmentOrderLineItemsInput!]! trackingInfo: FulfillmentTrackingInput
  notifyCustomer: Boolean
}
input MetafieldsSetInput { ownerId: ID! namespace: String key: String! value: String! type: String }
input InventoryQuantityInput { inventoryItemId: ID! locationId: ID! quantity: Int! changeFromQuantity: Int }
input InventorySetQuantitiesInput {
  name: String! reason: String! referenceDocumentUri: String quantities: [InventoryQuantityInput!]!
}

type OrderCapturePayload { transaction: OrderTransaction userErrors: [UserError!]! }
type TransactionVoidPayload { transaction: OrderTransaction userErrors: [CodedError!]! }
type RefundCreatePayload { refund: Refund order: Order userErrors: [UserError!]! }
type OrderCancelPayload { job: Job orderCancelUserErrors: [CodedError!]! }
type FulfillmentCreatePayload { fulfillment: Fulfillment userErrors: [UserError!]! }
type TagsAddPayload { node: Node userErrors: [UserError!]! }
type MetafieldsSetPayload { metafields: [Metafield!] userErrors: [CodedError!]! }
type InventoryAdjustmentGroup { id: ID! }
type InventorySetQuantitiesPayload { inventoryAdjustmentGroup: InventoryAdjustmentGroup userErrors: [CodedError!]! }

type Mutation {
  orderCapture(input: OrderCaptureInput!): OrderCapturePayload
  transactionVoid(parentTransactionId: ID!): TransactionVoidPayload
  refundCreate(input: RefundInput!): RefundCreatePayload
  orderCancel(
    orderId: ID!, reason: OrderCancelReason!, restock: Boolean!, notifyCustomer: Boolean, staffNote: String,
    refundMethod: OrderCancelRefundMethodInput
  ): OrderCancelPayload
  fulfillmentCreate(fulfillment: FulfillmentInput!, message: String): FulfillmentCreatePayload
  tagsAdd(id: ID!, tags: [String!]!): TagsAddPayload
  metafieldsSet(metafields: [MetafieldsSetInput!]!): MetafieldsSetPayload
  inventorySetQuantities(input: InventorySetQuantitiesInput!): InventorySetQuantitiesPayload
}
""")
