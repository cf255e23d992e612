using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Makes the commands of a batch.</summary>
static class Columns
{
    /// <param name="values">For <c>$1</c>, <c>$2</c> …: arrays, one a column, or single values.</param>
    public static void Add(this NpgsqlBatch batch, string sql, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        batch.BatchCommands.Add(command);
    }
}
