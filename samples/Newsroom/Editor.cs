using System.Text;
using Mailbox;
using Mailbox.Grains;
using Orleans.Streams;

namespace Newsroom;

public static class Editor
{
    public static async Task WorkAsync(MailboxGridClient grid, Action<string> print)
    {
        // What happens to mailboxes, as an Orleans stream: at least once, also what happened while this program was away.
        await grid.Events("newsroom").SubscribeAsync(async (happened, _) => print($"{happened.Mailbox}: {happened.Kind}"));

        // Into one mailbox: stored when answered, and once, however often it had to be repeated inside.
        await grid.Mailbox("alice").DeliverAsync(MessageDraft.FromText("good morning"));

        // Into many, each its own, in one call.
        await grid.DeliverManyAsync(
            [new("alice", MessageDraft.FromText("for you")), new("desk", MessageDraft.FromJson(new { Story = 17 }))]);

        // To a group: everybody but the sender has it.
        await grid.Group("readers").AddAsync(["alice", "bob", "carol"]);
        var sent = await grid.Group("readers").SendAsync(MessageDraft.FromText("late edition"), except: ["carol"]);
        print($"{sent.Stored} of {sent.Members} have it");

        // Read a mailbox: what the loop has come back from is acknowledged, anything else comes again.
        await foreach (var received in grid.Mailbox("desk").OpenAsync())
        {
            if (received.Message is not { } message) continue; // A gap: what was missed, and why.
            print(Encoding.UTF8.GetString(message.Body.Span));
            await grid.Mailbox("desk").AcknowledgeAsync(received.Position);
            break;
        }
    }
}
