using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>
/// Lets each change of members take effect once, however many attempts at it arrive and however late. An attempt that its caller gave up may
/// still wait at a silo that hangs, and would otherwise undo what was answered in the meantime (spec G3).
/// </summary>
static class OnceOnly
{
    // In the table of idempotency keys. No mailbox has an empty name: a store loads the keys without a name and those of its mailboxes.
    // Waits for an attempt that is being committed.
    const string Claim = """
        INSERT INTO keys (hash, mailbox, digest, expires, first, second, third, fourth) VALUES ($1, '', 0, $2, 0, 0, 0, 0) ON CONFLICT DO NOTHING
        """;

    static readonly TimeSpan s_memory = TimeSpan.FromMinutes(10);

    /// <summary>Adds the claim, which must be the first command: it takes its lock before any other.</summary>
    public static void AddTo(NpgsqlBatch batch, Guid key, DateTimeOffset now)
    {
        if (key != Guid.Empty) batch.Add(Claim, key, (now + s_memory).ToUnixTimeSeconds());
    }

    /// <summary>Whether an attempt with this key was committed before; after the batch was executed.</summary>
    public static bool IsRepeat(NpgsqlBatch batch, Guid key) => key != Guid.Empty && batch.BatchCommands[0].RecordsAffected == 0;
}
