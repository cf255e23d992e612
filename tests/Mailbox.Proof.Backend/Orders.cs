using System.Globalization;
using Mailbox.Grains;

namespace Mailbox.Proof.Backend;

/// <summary>What each line asks for. Any number are under way at once.</summary>
sealed class Orders(MailboxGridClient grid, TextWriter answers)
{
    const string None = "-";

    public async Task TakeAsync(string line)
    {
        var words = line.Split(' ', 3);
        var answer = await DoAsync(words[1], words[2]).ConfigureAwait(false);
        await TextWriter.Synchronized(answers).WriteLineAsync($"{words[0]} {answer}".ReplaceLineEndings(" ")).ConfigureAwait(false);
    }

    async Task<string> DoAsync(string verb, string rest)
    {
        try
        {
            return "done " + await (verb switch
            {
                "deliver" => DeliverAsync(rest.Split(' ', 3)),
                "send" => SendAsync(rest.Split(' ', 4)),
                "join" => ChangeAsync(rest.Split(' '), joins: true),
                _ => ChangeAsync(rest.Split(' '), joins: false),
            }).ConfigureAwait(false);
        }
        catch (MailboxUnavailableException fault)
        {
            return "unavailable " + fault.Message;
        }
        catch (Exception fault)
        {
            // Also whatever the client should never throw.
            return "refused " + fault;
        }
    }

    async Task<string> DeliverAsync(string[] words)
    {
        var result = await grid.Mailbox(words[0]).DeliverAsync(Draft(words[1], words[2])).ConfigureAwait(false);
        return result.Position.ToString();
    }

    async Task<string> SendAsync(string[] words)
    {
        var result = await grid.Group(words[0]).SendAsync(Draft(words[1], words[3]), Names(words[2])).ConfigureAwait(false);
        return result.Stored.ToString(CultureInfo.InvariantCulture);
    }

    async Task<string> ChangeAsync(string[] words, bool joins)
    {
        var group = grid.Group(words[0]);
        if (joins) await group.AddAsync(Names(words[1])).ConfigureAwait(false);
        else await group.RemoveAsync(Names(words[1])).ConfigureAwait(false);
        return "";
    }

    static MessageDraft Draft(string key, string body) => MessageDraft.FromText(body) with { IdempotencyKey = key == None ? null : key };

    static string[] Names(string words) => words == None ? [] : words.Split(',');
}
