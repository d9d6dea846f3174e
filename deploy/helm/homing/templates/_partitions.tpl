{{- /* Over how many partitions the streams are split: nats.partitions of the configuration. */ -}}
{{- define "homing.partitions" -}}
{{- $nats := get .Values.config "nats" | default dict -}}
{{- $n := ternary (get $nats "partitions") 1 (hasKey $nats "partitions") -}}
{{- if not (has (toString $n) (splitList " " "1 2 4 8 16 32 64")) -}}
{{- fail (printf "config.nats.partitions: %v is none of 1, 2, 4, 8, 16, 32, 64" $n) -}}
{{- end -}}
{{- $n -}}
{{- end -}}

{{- /* The Deployments as they are installed: an entry with perPartition is one for each
partition. Each has the list of the partitions that it works for, as "of", and as "only" if it
was named. A partition for which nobody does the work of a role would wait forever. */ -}}
{{- define "homing.deployments" -}}
{{- $n := int (include "homing.partitions" .) -}}
{{- $out := dict -}}
{{- $done := dict -}}
{{- range $name, $d := .Values.deployments -}}
{{- if $d -}}
{{- if and (or (get $d "perPartition") (get $d "partitions")) (not (include "homing.divided" $d.roles)) -}}
{{- fail (printf "deployments.%s: %s works for all partitions wherever it runs; leave out perPartition and partitions" $name (join ", " $d.roles)) -}}
{{- end -}}
{{- if and (get $d "perPartition") (gt $n 1) -}}
{{- range $p := until $n -}}
{{- $each := printf "%s-%d" $name $p -}}
{{- if or (gt (len $each) 22) (get $.Values.deployments $each) -}}
{{- fail (printf "deployments.%s: with perPartition one of them is called %s, which is too long or there already" $name $each) -}}
{{- end -}}
{{- $_ := set $out $each (merge (dict "of" (list $p) "only" true) $d) -}}
{{- end -}}
{{- else -}}
{{- $_ := set $out $name (merge (dict "of" (get $d "partitions" | default (until $n)) "only" (hasKey $d "partitions")) $d) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name, $d := $out -}}
{{- range $p := $d.of -}}
{{- if ge (int $p) $n -}}
{{- fail (printf "deployments.%s.partitions: there is no partition %v; config.nats.partitions is %d, and they are counted from 0" $name $p $n) -}}
{{- end -}}
{{- range $role := $d.roles -}}{{- $_ := set $done (printf "%s %v" $role $p) true -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- range $name, $d := $out -}}
{{- if $d.only -}}
{{- range $role := $d.roles -}}
{{- if include "homing.divided" (list $role) -}}
{{- range $p := until $n -}}
{{- if not (hasKey $done (printf "%s %d" $role $p)) -}}
{{- fail (printf "deployments.%s.partitions: nobody runs %s for partition %d" $name $role $p) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $out -}}
{{- end -}}

{{- /* Whether some of these roles has work that partitions divide. */ -}}
{{- define "homing.divided" -}}
{{- range . }}{{ if not (has . (list "gateway" "console" "calendar")) }}yes{{ end }}{{ end -}}
{{- end -}}

{{- /* The consumers that a role reads in some partitions, one a line: stream, consumer. Takes
role, of (a list of partitions) and n (how many there are). These are Homing's names, which
are stable; make check compares them. Nothing: the role has no queue. */ -}}
{{- define "homing.consumers" -}}
{{- $role := .role -}}
{{- $divided := list -}}
{{- if eq $role "intake" }}
STOREFRONT intake
{{- $divided = list "TIMELINE erase" -}}
{{- else if include "homing.divided" (list $role) -}}
{{- $divided = list (printf "SCHEDULE-%s due-%s" $role $role) -}}
{{- if ne $role "announcements" }}{{- /* no event leads to these */ -}}
{{- $divided = prepend $divided (printf "TIMELINE plan-%s" $role) -}}
{{- end -}}
{{- end -}}
{{- range $p := .of }}
{{- range $divided }}
{{ if eq (int $.n) 1 }}{{ . }}{{ else }}{{ $at := splitList " " . }}{{ index $at 0 }}-{{ $p }} {{ index $at 1 }}-{{ $p }}{{ end }}
{{- end }}
{{- end }}
{{- end -}}
