using System.Text;
using Mailbox;

namespace Embedding;

static class Greeter
{
    public static async Task<string> GreetAsync(string name, IMailboxGrid grid)
    {
        var letter = new MessageDraft { ContentType = "text/plain", Body = Encoding.UTF8.GetBytes($"Hello {name}") };
        var delivered = await grid.DeliverAsync(MailboxName.Parse(name), letter);
        return $"{delivered.Outcome} at {delivered.Position}";
    }
}
