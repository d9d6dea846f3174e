package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"homing/pkg/config"
	"homing/pkg/localtime"
	"homing/pkg/shop"
	"homing/pkg/shop/sheet"
	"homing/pkg/shop/shopify"
	"homing/pkg/wooapi"
)

const importHelp = `Brings over what a shop did before Homing: orders, customers and products, from the
export of a shop system, from WooCommerce's REST API, or from a CSV of your own.

They are published with their own times, as the past (historical: true). They count for
customers, intervals, statistics, lapses and birthdays, and lead to no email about the
past: nobody is thanked for an old order or asked to review it. What falls due after the
import, such as a reminder to reorder or a birthday, is planned as usual.

An import may be run again: what is there already changes nothing. If it is interrupted,
it says how to go on. Rows that cannot be used are named, with what to do, and the others
are taken.

With --out they are written into a file instead, one a line, and nothing is published: a
history for "homing rehearse --file", before anything is connected. The file has personal
data, so only you may read it (mode 0600); delete it when you are done.`

// importFlags are what all kinds of imports have.
type importFlags struct {
	publish publishFlags // the store, the NATS user
	dryRun  bool
	live    bool
	refused string
	out     string
	file    fileImport
	woo     wooImport
}

// fileImport is of what comes from a file.
type fileImport struct {
	from        int
	asOf        string
	skus        string
	noIsUnknown bool
}

// wooImport is of what comes from WooCommerce.
type wooImport struct {
	url, keyFile, since string
	from                int
	only                []string
}

func (p *program) importCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Bring over the orders, customers and products of before", Long: importHelp,
		Example: "  homing import shopify orders_export.csv --dry-run\n" +
			"  homing import woocommerce --url https://shop.example --key-file key.txt --since 2020-01-01\n" +
			"  homing import csv orders.csv --refused refused.csv\n" +
			"  homing import shopify orders_export.csv --out past.jsonl.gz && homing rehearse --file past.jsonl.gz"}
	cmd.AddCommand(
		p.importFile("shopify", "Import a CSV of orders or customers that Shopify exported", shopify.OpenExport),
		p.importWoo(),
		p.importFile("csv", "Import a CSV of orders, customers or products (docs/storefronts/import.md)", sheet.Open))
	return cmd
}

func (p *program) importFlags(cmd *cobra.Command, f *importFlags) {
	fs := cmd.Flags()
	fs.StringVar(&f.publish.store, "store", "", "the `store` it happened in (default: the only one configured, or main)")
	fs.StringVar(&f.publish.inbox, "inbox-prefix", "", "the subject `prefix` on which the NATS user may get answers (default: nats.inbox_prefix)")
	fs.BoolVar(&f.dryRun, "dry-run", false, "check and count, and publish nothing")
	fs.StringVar(&f.out, "out", "", "write the events into a new `file`, and publish nothing; .gz compresses it")
	fs.StringVar(&f.refused, "refused", "", "write what is wrong with records into a CSV `file`: all of it")
	fs.BoolVar(&f.live, "live", false, "as if the shop had told it when it happened: emails that are not too late yet are sent; for orders whose webhooks were lost")
	p.natsFlags(cmd, &f.publish.timeout, 10*time.Second)
	p.outputFlag(cmd)
}

type openExport func(r io.Reader, e shop.Export) (shop.Source, error)

func (p *program) importFile(system, short string, open openExport) *cobra.Command {
	f := &importFlags{}
	cmd := &cobra.Command{Use: system + " <file.csv[.gz]>", Short: short, Long: short + ".\n\n" + importHelp,
		Example: "  homing import " + system + " orders.csv --dry-run", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.runImport(cmd.Context(), f, storeZone, func(store shop.Store) (*importing, error) {
				return p.openFile(f, store, args[0], open)
			})
		}}
	p.importFlags(cmd, f)
	fs := cmd.Flags()
	fs.IntVar(&f.file.from, "from-line", 0, "go on at this `line`, as an import that was interrupted says")
	fs.StringVar(&f.file.asOf, "as-of", "", "`when` the file was made, for what says no time (default: when it was last changed)")
	fs.StringVar(&f.file.skus, "skus", "", "a CSV `file` with the columns sku and product_id, where the export knows SKUs alone")
	fs.BoolVar(&f.file.noIsUnknown, "no-is-unknown", false, "a no to marketing in a Shopify export says nothing; else it is a refusal, as it may be one")
	return cmd
}

func (p *program) importWoo() *cobra.Command {
	f := &importFlags{}
	cmd := &cobra.Command{Use: "woocommerce --url <shop> --key-file <file>", Short: "Import from WooCommerce's REST API",
		Long: "Import from WooCommerce's REST API: its built-in exports have no orders.\n\n" + importHelp,
		Example: "  homing import woocommerce --url https://shop.example --key-file key.txt\n" +
			"  homing import woocommerce --url https://shop.example --key-file key.txt --since 2d --only orders --live\n" +
			"  homing import woocommerce --url https://shop.example --key-file key.txt --out past.jsonl.gz",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return errors.New("WooCommerce exports no orders into files: give --url and --key-file, or turn your file into the CSV of `homing import csv`")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.runImport(cmd.Context(), f, (*config.Store).WooCommerceZone, func(store shop.Store) (*importing, error) { return p.openWoo(f, store) })
		}}
	p.importFlags(cmd, f)
	fs := cmd.Flags()
	fs.StringVar(&f.woo.url, "url", "", "the `address` of the shop: https://shop.example")
	fs.StringVar(&f.woo.keyFile, "key-file", "", "a `file` with the key of the REST API in one line: ck_…:cs_…")
	fs.StringVar(&f.woo.since, "since", "", "only what was changed since a `date`, or a duration ago, like 30d (default: all)")
	fs.IntVar(&f.woo.from, "from-page", 0, "go on at this `page`, as an import that was interrupted says")
	fs.StringSliceVar(&f.woo.only, "only", []string{wooapi.Products, wooapi.Customers, wooapi.Orders}, "`what` is imported: orders, customers, products")
	return cmd
}

// storeZone is the zone of dates that say none in a file.
func storeZone(s *config.Store) string { return s.TimeZone }

// shopOf is what reading a shop's exports needs to know of a store.
func shopOf(c *config.Config, id string, zone func(*config.Store) string) (store shop.Store, err error) {
	of := c.Stores[id]
	store = shop.Store{ID: id, Currency: of.Currency, URL: of.URL, Zone: time.UTC}
	if name := zone(&of); name != "" {
		store.Zone, err = localtime.Load(name)
	}
	return store, usage(err)
}

// runImport opens a source, checks it or publishes what it has, and says what became of
// it. zone is that of dates that say none.
func (p *program) runImport(ctx context.Context, f *importFlags, zone func(*config.Store) string, open func(store shop.Store) (*importing, error)) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	id, err := storeOf(c, f.publish.store)
	if err != nil {
		return err
	}
	store, err := shopOf(c, id, zone)
	if err != nil {
		return err
	}
	m, err := open(store)
	if err != nil {
		return err
	}
	defer m.close()
	m.p, m.store, m.live, m.started = p, id, f.live, time.Now()
	if err := m.listTo(f.refused); err != nil {
		return usage(err)
	}
	if m.file, err = f.writesTo(); err != nil {
		return err
	}
	if !f.dryRun && m.file == nil {
		reached, nc, js, _, err := p.reachAsStorefront(ctx, c, &f.publish, id)
		if err != nil {
			return err
		}
		defer nc.Close()
		ctx, m.out = reached, &sender{js: js, confirmed: m.confirmed}
	}
	m.sum.DryRun, m.sum.File = f.dryRun, f.out
	err = denied(ctx, m.run(ctx))
	return errors.Join(m.write(err), err)
}

// writesTo is the file that the events are to be written into; nil: none is.
func (f *importFlags) writesTo() (*historyFile, error) {
	switch {
	case f.out == "":
		return nil, nil
	case f.dryRun:
		return nil, usagef("--out: a dry run writes nothing; leave --dry-run out")
	}
	return createHistory(f.out)
}

// openFile opens a file, which may be gzipped; - is the standard input.
func (p *program) openFile(f *importFlags, store shop.Store, path string, open openExport) (*importing, error) {
	m := &importing{unit: "line", from: f.file.from}
	e := shop.Export{Store: store, At: time.Now(), NoIsUnknown: f.file.noIsUnknown}
	in := p.in
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, usage(err)
		}
		m.closes = append(m.closes, file)
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			e.At, m.size = info.ModTime(), info.Size()
		}
		in = file
	}
	if f.file.asOf != "" {
		at, err := parsePast("--as-of", f.file.asOf, time.Now())
		if err != nil {
			return nil, err
		}
		e.At = at
	}
	var err error
	if e.SKUs, err = readSKUs(f.file.skus); err != nil {
		return nil, usagef("--skus: %w", err)
	}
	m.counted = &countedReader{in: in}
	content, err := unzipped(m.counted)
	if err != nil {
		return nil, usagef("%s: %w", path, err)
	}
	src, err := open(content, e)
	if err != nil {
		return nil, usagef("%s: %w", path, err)
	}
	m.next = func(context.Context) (shop.Record, error) { return src.Next() }
	if m.from > 1 {
		if err := src.SkipTo(m.from); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
	}
	return m, nil
}

// countedReader knows how much was read.
type countedReader struct {
	in io.Reader
	n  int64
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	return n, err
}

// readSKUs reads which SKU is which product's.
func readSKUs(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	t, err := shop.OpenTable(file)
	if err != nil {
		return nil, err
	}
	if lacks := t.Lacks("sku", "product_id"); lacks != "" {
		return nil, fmt.Errorf("the column %q is missing; the file has sku and product_id", lacks)
	}
	out := map[string]string{}
	for {
		rows, _, err := t.Group("", 1)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if sku, id := rows[0].ID("sku"), rows[0].ID("product_id"); sku != "" && id != "" {
			out[sku] = id
		}
	}
}

// openWoo opens lists of a shop, one after the other.
func (p *program) openWoo(f *importFlags, store shop.Store) (*importing, error) {
	if f.woo.url == "" || f.woo.keyFile == "" {
		return nil, usagef("--url and --key-file are required")
	}
	said, err := os.ReadFile(f.woo.keyFile)
	if err != nil {
		return nil, usagef("--key-file: %w", err)
	}
	key, secret, ok := strings.Cut(strings.TrimSpace(string(said)), ":")
	if !ok || !strings.HasPrefix(key, "ck_") || !strings.HasPrefix(secret, "cs_") {
		return nil, usagef("--key-file: one line with the consumer key and its secret is expected: ck_…:cs_…")
	}
	since, err := parseSince(f.woo.since, time.Now())
	if err != nil {
		return nil, err
	}
	if f.woo.from > 1 && len(f.woo.only) != 1 {
		return nil, usagef("--from-page is of one list: add --only, as the import that was interrupted said")
	}
	m := &importing{unit: "page", from: f.woo.from}
	for _, kind := range f.woo.only {
		s, err := wooapi.Open(wooapi.Options{URL: f.woo.url, Key: key, Secret: secret, Since: since, Kind: kind, Page: f.woo.from,
			Store: store, Patience: 10 * time.Minute, At: time.Now(),
			Waits: func(d time.Duration, why error) {
				fmt.Fprintf(p.err, "%v; again in %v\n", why, d.Round(time.Second))
			}})
		if err != nil {
			return nil, usagef("--url: %w", err)
		}
		m.lists = append(m.lists, list{kind, s})
	}
	slices.SortStableFunc(m.lists, func(a, b list) int { return strings.Compare(b.kind, a.kind) }) // products before orders
	m.next = m.nextOfLists
	return m, nil
}
