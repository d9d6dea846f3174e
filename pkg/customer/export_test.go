package customer

// United is the person as the records around say, also where there is only one.
func (n *Neighbourhood) United(a Ask) Person { return n.united(a) }
