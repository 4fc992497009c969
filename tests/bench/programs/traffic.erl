%% The same as traffic.ts, for Erlang's own distribution: maps instead of JSON,
%% one registered process a node. What it is told stands behind -extra, as names
%% and values in turn; lists are joined with commas.
-module(traffic).
-export([main/0]).

main() ->
    Spec = spec(init:get_plain_arguments()),
    register(peer, self()),
    say("open ~s", ["\"\""]),
    Main = self(),
    spawn_link(fun() -> read(Main) end),
    Filler = binary:copy(<<"x">>, number("size", Spec) - 31),
    loop(#{self => number("self", Spec), count => number("count", Spec),
           filler => Filler,
           targets => [destination(N) || N <- numbers("targets", Spec)],
           senders => numbers("senders", Spec)}).

spec([Name, Value | Rest]) -> maps:put(Name, Value, spec(Rest));
spec([]) -> #{}.

number(Name, Spec) -> list_to_integer(maps:get(Name, Spec)).

numbers(Name, Spec) ->
    [list_to_integer(N) || N <- string:lexemes(maps:get(Name, Spec), ",")].

%% What the benchmark says on standard input.
read(Main) ->
    case io:get_line("") of
        "meet" ++ _ -> Main ! meet, read(Main);
        "go" ++ _ -> Main ! go, read(Main);
        _ -> halt()
    end.

loop(#{self := Self, targets := Targets, senders := Senders} = State) ->
    receive
        meet ->
            [T ! #{from => Self, id => -1, text => <<>>} || T <- Targets],
            Senders =:= [] andalso say("met ~s", ["\"\""]),
            Senders =/= [] andalso meet(Senders),
            loop(State);
        go ->
            Targets =/= [] andalso spawn_link(fun() -> go(State) end),
            Senders =/= [] andalso take(State),
            loop(State)
    end.

meet([]) -> say("met ~s", ["\"\""]);
meet(Strangers) ->
    receive #{from := From, id := -1} -> meet(lists:delete(From, Strangers)) end.

go(#{self := Self, count := Count, filler := Filler, targets := Targets}) ->
    go(0, Count, Self, Filler, Targets).

go(Count, Count, _, _, _) -> say("sent ~w", [now_ms()]);
go(Id, Count, Self, Filler, Targets) ->
    [T ! #{from => Self, id => Id, text => Filler} || T <- Targets],
    go(Id + 1, Count, Self, Filler, Targets).

take(#{count := Count, senders := Senders}) ->
    receive
        #{from := From, id := 0} ->
            StartedAt = now_ms(),
            Counts = maps:put(From, 1, maps:from_list([{S, 0} || S <- Senders])),
            take(Counts, Count, length(Senders), StartedAt, none)
    end.

take(Counts, _, 0, StartedAt, Shares) ->
    _ = Counts,
    say("received {\"startedAt\":~w,\"endedAt\":~w,\"sharesAtFirstEnd\":~w,\"rss\":0}",
        [StartedAt, now_ms(), Shares]);
take(Counts, Count, Unfinished, StartedAt, Shares) ->
    receive
        #{from := From, id := Id} ->
            %% Fails if a message is missing or out of order.
            #{From := Id} = Counts,
            Next = Counts#{From := Id + 1},
            case Id + 1 of
                Count when Shares =:= none ->
                    take(Next, Count, Unfinished - 1, StartedAt, maps:values(Next));
                Count -> take(Next, Count, Unfinished - 1, StartedAt, Shares);
                _ -> take(Next, Count, Unfinished, StartedAt, Shares)
            end
    end.

destination(Number) ->
    {peer, list_to_atom("peer" ++ integer_to_list(Number) ++ "@127.0.0.1")}.

now_ms() -> erlang:system_time(microsecond) / 1000.

say(Format, Arguments) -> io:format(Format ++ "~n", Arguments).
