using System.Globalization;
using Mailbox.Engine;
using Mailbox.Storage;

namespace Mailbox.CrashChild;

/// <summary>Delivers to one mailbox at one level, and prints the number of each message once it is answered, until it is killed.</summary>
static class Deliveries
{
    public static readonly MailboxName Mailbox = MailboxName.Parse("ann");

    public static async Task RunAsync(IMailboxStore store, Durability level, TextWriter output)
    {
        await using var engine = new MailboxEngine(store, new() { MaxMessages = MailboxOptions.MaxMessagesLimit }, TimeProvider.System);
        var draft = new MessageDraft { Body = new byte[10], Durability = level };
        while (true)
        {
            var delivered = await engine.DeliverAsync(Mailbox, draft);
            await output.WriteLineAsync(delivered.Position.Sequence.ToString(CultureInfo.InvariantCulture));
        }
    }
}
