package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/localtime"
	"homing/pkg/product"
)

const productsHelp = `What is known about a store's products: how often customers buy them again, for how
many days a piece lasts as the shop says, whether they can be bought. The worker
replenishment learns from it, and cart-recovery shows only what can be bought. It is
computed every night from all customers; what the shop says since (product.updated)
is in it.`

// productsFlags choose a store and what of it.
type productsFlags struct {
	timeout time.Duration
	store   string
	limit   int
}

func (p *program) productsCommand() *cobra.Command {
	f := &productsFlags{}
	show := &cobra.Command{
		Use: "products", Short: "Show what is known about a store's products", Long: productsHelp, Args: cobra.NoArgs,
		RunE: p.onProducts(f, p.showProducts),
	}
	show.Flags().IntVar(&f.limit, "limit", 20, "at most `n` of them; 0 is all")
	refresh := &cobra.Command{
		Use: "refresh", Short: "Compute the statistics now, and show them", Args: cobra.NoArgs,
		RunE: p.onProducts(f, p.refreshProducts),
	}
	refresh.Flags().IntVar(&f.limit, "limit", 20, "at most `n` of them; 0 is all")
	p.productsCommon(show, f, 10*time.Second)
	p.productsCommon(refresh, f, 10*time.Minute)
	show.AddCommand(refresh)
	return show
}

func (p *program) productsCommon(c *cobra.Command, f *productsFlags, wait time.Duration) {
	p.natsFlags(c, &f.timeout, wait)
	p.outputFlag(c)
	c.Flags().StringVar(&f.store, "store", "", "which `store` (default: the only one there is, or else main)")
}

func (p *program) onProducts(f *productsFlags, do func(context.Context, *nights, int) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		if f.limit < 0 {
			return usagef("--limit: cannot be negative; 0 is all")
		}
		return p.onNights(cmd.Context(), f.timeout, f.store, func(ctx context.Context, n *nights) error { return do(ctx, n, f.limit) })
	}
}

func (p *program) refreshProducts(ctx context.Context, n *nights, limit int) error {
	if err := n.refresh(ctx, "statistics"); err != nil {
		return err
	}
	return p.showProducts(ctx, n, limit)
}

// listedProduct is one product as `homing products --output json` has it.
type listedProduct struct {
	ID string `json:"id"`
	product.Product
}

// listedProducts is the document of `homing products --output json`.
type listedProducts struct {
	Store     string          `json:"store"`
	At        *time.Time      `json:"at"` // null: nothing was computed yet
	Age       float64         `json:"age_seconds"`
	Customers int             `json:"customers"`
	Shop      product.Rhythm  `json:"shop"`
	Total     int             `json:"total"`
	Quotes    int             `json:"quotes"` // of reviews that emails may quote
	Products  []listedProduct `json:"products"`
}

func (p *program) showProducts(ctx context.Context, n *nights, limit int) error {
	s, err := n.statistics(ctx)
	if err != nil {
		return err
	}
	doc := listedProducts{Store: n.store, Products: []listedProduct{}}
	if now := s.Of(n.store); now != nil {
		doc.At, doc.Age, doc.Customers, doc.Shop, doc.Total = &now.At, n.now.Sub(now.At).Seconds(), now.Customers, now.Shop, len(now.Products)
		doc.Quotes = s.Shop(n.store).Quotes.Len()
		for _, id := range now.ByEvidence() {
			if limit > 0 && len(doc.Products) == limit {
				break
			}
			doc.Products = append(doc.Products, listedProduct{id, now.Products[id]})
		}
	}
	if p.asJSON() {
		return writeJSON(p.out, doc)
	}
	return p.writeProducts(doc)
}

func (p *program) writeProducts(doc listedProducts) error {
	if doc.At == nil {
		_, err := fmt.Fprintf(p.out, "Nothing is known of the products of store %s yet; `homing products refresh` computes it.\n", doc.Store)
		return err
	}
	fmt.Fprintf(p.out, "Computed %s ago from %s of store %s.\n", localtime.Age(time.Duration(doc.Age*float64(time.Second))), plural(doc.Customers, "customer"), doc.Store)
	if doc.Shop.Customers > 0 {
		fmt.Fprintf(p.out, "Over all products a piece lasts %s (%s of %s).\n", daysOf(doc.Shop.Days), plural(doc.Shop.Intervals, "interval"), plural(doc.Shop.Customers, "customer"))
	}
	if doc.Quotes > 0 {
		fmt.Fprintf(p.out, "Emails may quote %s.\n", plural(doc.Quotes, "review"))
	}
	if doc.Total == 0 {
		_, err := fmt.Fprintln(p.out, "Nobody bought anything twice, and the shop said nothing of its products.")
		return err
	}
	rows := [][]string{{"PRODUCT", "BUYERS", "CAME BACK", "INTERVALS", "RHYTHM", "SUPPLY DAYS", "AVAILABLE"}}
	for _, l := range doc.Products {
		rhythm, supply, available := "-", "-", "-"
		if l.Rhythm.Customers > 0 {
			rhythm = daysOf(l.Rhythm.Days)
		}
		if l.SupplyDays > 0 {
			supply = strconv.Itoa(l.SupplyDays)
		}
		if l.Available != nil {
			available = map[bool]string{true: "yes", false: "no"}[*l.Available]
		}
		rows = append(rows, []string{l.ID, number(l.Buyers), number(l.Rhythm.Customers), number(l.Rhythm.Intervals), rhythm, supply, available})
	}
	if err := table(p.out, rows); err != nil {
		return err
	}
	if more := doc.Total - len(doc.Products); more > 0 {
		_, err := fmt.Fprintf(p.out, "%s more of which less is known; --limit 0 lists all\n", number(more))
		return err
	}
	return nil
}

func daysOf(days float64) string { return strconv.FormatFloat(days, 'f', 1, 64) + " d" }
