package gateway

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"homing/pkg/localtime"
	"homing/pkg/programme"
)

// A zoneGroup is the time zones of a part of the world.
type zoneGroup struct {
	Label string
	Zones []option
}

// parts are the parts of the world, as they are offered, and partOf is where zones are by
// the beginning of their names.
var (
	parts  = []string{"zone_europe", "zone_america", "zone_africa", "zone_asia", "zone_pacific", "zone_oceans", nowhere}
	partOf = map[string]string{
		"Europe": "zone_europe", "America": "zone_america", "Africa": "zone_africa", "Asia": "zone_asia",
		"Australia": "zone_pacific", "Pacific": "zone_pacific", "Atlantic": "zone_oceans", "Indian": "zone_oceans",
	}
)

// nowhere is the part of zones that are in none, such as UTC.
const nowhere = ""

// offered are the time zones that people choose from: the largest city of each, and no
// two of one country that always show the same time.
var offered = strings.Fields(`
Europe/Amsterdam Europe/Athens Europe/Belgrade Europe/Berlin Europe/Bratislava Europe/Brussels Europe/Bucharest Europe/Budapest
Europe/Chisinau Europe/Copenhagen Europe/Dublin Europe/Helsinki Europe/Istanbul Europe/Kaliningrad Europe/Kyiv Europe/Lisbon
Europe/Ljubljana Europe/London Europe/Luxembourg Europe/Madrid Europe/Malta Europe/Minsk Europe/Moscow Europe/Oslo Europe/Paris
Europe/Prague Europe/Riga Europe/Rome Europe/Samara Europe/Sarajevo Europe/Skopje Europe/Sofia Europe/Stockholm Europe/Tallinn
Europe/Tirane Europe/Vienna Europe/Vilnius Europe/Warsaw Europe/Zagreb Europe/Zurich
America/Anchorage America/Argentina/Buenos_Aires America/Asuncion America/Bogota America/Caracas America/Chicago America/Costa_Rica
America/Denver America/Edmonton America/El_Salvador America/Guatemala America/Guayaquil America/Halifax America/Havana America/Jamaica
America/La_Paz America/Lima America/Los_Angeles America/Managua America/Manaus America/Mexico_City America/Montevideo America/New_York
America/Nuuk America/Panama America/Phoenix America/Port_of_Spain America/Puerto_Rico America/Recife America/Santiago
America/Santo_Domingo America/Sao_Paulo America/St_Johns America/Tegucigalpa America/Tijuana America/Toronto America/Vancouver
America/Winnipeg
Africa/Accra Africa/Addis_Ababa Africa/Algiers Africa/Cairo Africa/Casablanca Africa/Dakar Africa/Dar_es_Salaam Africa/Johannesburg
Africa/Kampala Africa/Kinshasa Africa/Lagos Africa/Luanda Africa/Maputo Africa/Nairobi Africa/Tripoli Africa/Tunis Africa/Windhoek
Asia/Almaty Asia/Amman Asia/Baghdad Asia/Baku Asia/Bangkok Asia/Beirut Asia/Colombo Asia/Dhaka Asia/Dubai Asia/Ho_Chi_Minh
Asia/Hong_Kong Asia/Jakarta Asia/Jerusalem Asia/Kabul Asia/Karachi Asia/Kathmandu Asia/Kolkata Asia/Kuala_Lumpur Asia/Kuwait
Asia/Manila Asia/Novosibirsk Asia/Qatar Asia/Riyadh Asia/Seoul Asia/Shanghai Asia/Singapore Asia/Taipei Asia/Tashkent Asia/Tbilisi
Asia/Tehran Asia/Tokyo Asia/Ulaanbaatar Asia/Vladivostok Asia/Yangon Asia/Yekaterinburg Asia/Yerevan
Australia/Adelaide Australia/Brisbane Australia/Darwin Australia/Hobart Australia/Melbourne Australia/Perth Australia/Sydney
Pacific/Auckland Pacific/Fiji Pacific/Guam Pacific/Honolulu Pacific/Noumea Pacific/Port_Moresby Pacific/Tahiti
Atlantic/Azores Atlantic/Canary Atlantic/Cape_Verde Atlantic/Reykjavik Indian/Maldives Indian/Mauritius Indian/Reunion`)

// zonesFor are the zones with the one that is now, which is offered too, whatever it is.
func zonesFor(s site, now string) []zoneGroup {
	names := offered
	if !slices.Contains(names, now) {
		names = append(slices.Clip(names), now)
	}
	in := map[string][]option{} // part of the world → its zones
	for _, name := range names {
		area, _, _ := strings.Cut(name, "/")
		in[partOf[area]] = append(in[partOf[area]], option{name, city(name), name == now})
	}
	var out []zoneGroup
	for _, part := range parts {
		g := zoneGroup{Label: "UTC", Zones: in[part]}
		if len(g.Zones) == 0 {
			continue
		}
		if part != nowhere {
			g.Label = s.say(part)
		}
		slices.SortFunc(g.Zones, func(a, b option) int { return cmp.Compare(a.Label, b.Label) })
		out = append(out, g)
	}
	return out
}

// city is a zone as people read it.
func city(zone string) string {
	return strings.ReplaceAll(zone[strings.LastIndexByte(zone, '/')+1:], "_", " ")
}

// known reports whether there is a zone of that name.
func known(zone string) bool {
	if zone == "" || len(zone) > 64 {
		return false
	}
	_, err := localtime.Load(zone)
	return err == nil
}

// zoneOf is the time zone of a store's customers whose own is not known.
func zoneOf(s *programme.Store) *time.Location { return cmp.Or(s.Zone, time.UTC) }
