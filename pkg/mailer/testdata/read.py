# Reads messages, one JSON string a line, and writes what Python's email package
# understands of their headers, one JSON object a line.
import email, email.policy, json, sys

print(json.dumps(sys.version.split()[0]))
for line in sys.stdin:
    message = email.message_from_string(json.loads(line), policy=email.policy.default)
    read = {"Subject": str(message["subject"])}
    for field in ("To", "From", "Reply-To"):
        (mailbox,) = message[field].addresses
        read[field] = [mailbox.display_name, mailbox.addr_spec]
    print(json.dumps(read))
