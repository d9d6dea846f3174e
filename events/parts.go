package events

import "time"

// newData makes an empty Data of each type there is.
var newData = map[Type]func() Data{
	TypeCartUpdated:          func() Data { return new(CartUpdated) },
	TypeCartAbandoned:        func() Data { return new(CartAbandoned) },
	TypeOrderPlaced:          func() Data { return new(OrderPlaced) },
	TypeOrderFulfilled:       func() Data { return new(OrderFulfilled) },
	TypeOrderDelivered:       func() Data { return new(OrderDelivered) },
	TypeOrderCancelled:       func() Data { return new(OrderCancelled) },
	TypeOrderRefunded:        func() Data { return new(OrderRefunded) },
	TypeCustomerCreated:      func() Data { return new(CustomerCreated) },
	TypeCustomerUpdated:      func() Data { return new(CustomerUpdated) },
	TypeCustomerUnsubscribed: func() Data { return new(CustomerUnsubscribed) },
	TypeCustomerMerged:       func() Data { return new(CustomerMerged) },
	TypeCustomerErased:       func() Data { return new(CustomerErased) },
	TypeCustomerLapsed:       func() Data { return new(CustomerLapsed) },
	TypeCustomerBirthday:     func() Data { return new(CustomerBirthday) },
	TypeCustomerAnswered:     func() Data { return new(CustomerAnswered) },
	TypeReviewSubmitted:      func() Data { return new(ReviewSubmitted) },
	TypeComplaintOpened:      func() Data { return new(ComplaintOpened) },
	TypeComplaintClosed:      func() Data { return new(ComplaintClosed) },
	TypeProductUpdated:       func() Data { return new(ProductUpdated) },
	TypeEmailSent:            func() Data { return new(EmailSent) },
	TypeEmailHeld:            func() Data { return new(EmailHeld) },
	TypeEmailDropped:         func() Data { return new(EmailDropped) },
	TypeEmailUncertain:       func() Data { return new(EmailUncertain) },
	TypeAddressBounced:       func() Data { return new(AddressBounced) },
	TypeAddressComplained:    func() Data { return new(AddressComplained) },
	TypeOfferIssued:          func() Data { return new(OfferIssued) },
	TypeWorkerHeld:           func() Data { return new(WorkerHeld) },
	TypeWorkerResumed:        func() Data { return new(WorkerResumed) },
}

// parts points at what a Data is made of; nil is a part it has not. It lets one
// function read and one function write all types.
type parts struct {
	customer    *Customer
	cart        *Cart
	order       *Order
	change      *OrderChange
	review      *Review
	product     *Product
	scope       *string
	from        *string
	lastOrderAt **time.Time
	year        *int
	answered    *CustomerAnswered
	complaint   *Complaint
	address     *string
	permanent   **bool
	email       *Email
	offer       *OfferIssued
	hold        *WorkerHold
}

func partsOf(d Data) parts {
	switch d := d.(type) {
	case *CartUpdated:
		return parts{customer: &d.Customer, cart: &d.Cart}
	case *CartAbandoned:
		return parts{customer: &d.Customer, cart: &d.Cart}
	case *OrderPlaced:
		return parts{customer: &d.Customer, order: &d.Order}
	case *OrderFulfilled:
		return parts{customer: &d.Customer, change: &d.Order}
	case *OrderDelivered:
		return parts{customer: &d.Customer, change: &d.Order}
	case *OrderCancelled:
		return parts{customer: &d.Customer, change: &d.Order}
	case *OrderRefunded:
		return parts{customer: &d.Customer, change: &d.Order}
	case *CustomerUnsubscribed:
		return parts{customer: &d.Customer, scope: &d.Scope}
	case *CustomerMerged:
		return parts{customer: &d.Customer, from: &d.From}
	case *CustomerLapsed:
		return parts{customer: &d.Customer, lastOrderAt: &d.LastOrderAt}
	case *CustomerBirthday:
		return parts{customer: &d.Customer, year: &d.Year}
	case *ReviewSubmitted:
		return parts{customer: &d.Customer, review: &d.Review}
	case *CustomerAnswered:
		return parts{customer: &d.Customer, answered: d}
	case *ComplaintOpened:
		return parts{customer: &d.Customer, complaint: &d.Complaint}
	case *ComplaintClosed:
		return parts{customer: &d.Customer, complaint: &d.Complaint}
	case *OfferIssued:
		return parts{offer: d}
	case *WorkerHeld:
		return parts{hold: &d.WorkerHold}
	case *WorkerResumed:
		return parts{hold: &d.WorkerHold}
	case *AddressBounced:
		return parts{address: &d.Email, permanent: &d.Permanent}
	case *AddressComplained:
		return parts{address: &d.Email}
	case *ProductUpdated:
		return parts{product: &d.Product}
	case Fact:
		return parts{email: d.Body()}
	case CustomerData: // created, updated, erased: nothing but the customer
		return parts{customer: d.Who()}
	}
	return parts{}
}
