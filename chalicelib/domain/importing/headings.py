"""Headings that are known without being told: those of Google Forms and of people's own lists, in eight languages.

Each word is compared as `cells.heading` makes it. Strong ones mean one thing wherever they stand; weak ones mean it
only where nothing stronger does. OTHER_TIMES are columns of Muster's own that have times, but not those of reports;
TOTALS is what the line that adds up a list is called.
"""

from chalicelib.domain.importing.cells import heading

# fmt: off
COMMANDER = tuple(map(heading, (
    "commander", "commander name", "commander's name", "your commander's name", "your commander", "your commander name",
    "name of commander", "name of the commander", "commander (in-game name)", "callsign",
    "ign", "in-game name", "ingame name", "in-game name (ign)", "ign (in-game name)", "your ign", "your in-game name",
    "in game nick", "in-game nickname", "game name", "gamertag", "gamer tag", "player", "player name", "player's name",
    "your player name",
    "kommandant", "kommandantin", "name des kommandanten", "kommandantenname", "spieler", "spielerin", "spielername",
    "name des spielers", "ingame-name", "name im spiel", "spielname",
    "commandant", "nom du commandant", "nom de commandant", "joueur", "joueuse", "nom du joueur", "nom de joueur",
    "pseudo", "votre pseudo", "ton pseudo", "pseudonyme", "nom en jeu", "nom dans le jeu", "pseudo en jeu",
    "comandante", "nombre del comandante", "nombre de comandante", "jugador", "jugadora", "nombre del jugador",
    "nombre de jugador", "nombre en el juego", "tu nombre en el juego",
    "nome del comandante", "nome comandante", "giocatore", "giocatrice", "nome del giocatore", "nome giocatore",
    "nome in gioco", "nome nel gioco",
    "nome do comandante", "jogador", "jogadora", "nome do jogador", "nome de jogador", "nome no jogo",
    "командир", "командующий", "имя командира", "игрок", "имя игрока", "ник", "никнейм", "ник игрока", "игровой ник",
    "ник в игре", "имя в игре", "игровое имя", "позывной",
    "司令官", "司令官名", "指揮官", "指揮官名", "コマンダー", "コマンダー名", "プレイヤー", "プレイヤー名",
    "プレーヤー", "プレーヤー名", "プレイヤーネーム", "ゲーム内の名前", "ゲーム内名",
)))
COMMANDER_WEAK = tuple(map(heading, (
    "name", "names", "commanders", "players", "member", "members", "member name", "nick", "nickname", "alias",
    "mitglied", "mitglieder", "mitgliedsname", "namen", "kommandanten",
    "nom", "noms", "membre", "membres", "joueurs", "commandants", "surnom",
    "nombre", "nombres", "miembro", "miembros", "jugadores", "comandantes", "apodo",
    "nome", "nomi", "membro", "membri", "giocatori", "comandanti", "soprannome",
    "nomes", "membros", "jogadores", "apelido",
    "имя", "имена", "участник", "участники", "игроки", "командиры",
    "名前", "お名前", "氏名", "メンバー", "メンバー名", "ニックネーム",
)))
MILESTONE = tuple(map(heading, (
    "milestone", "milestones", "milestone id", "milestone name", "completed milestones", "milestones completed",
    "what have you completed", "which milestones have you completed", "completed",
    "meilenstein", "meilensteine", "jalon", "jalons", "hito", "hitos", "traguardo", "traguardi", "marco", "marcos",
    "веха", "вехи", "マイルストーン",
)))
EVENT = tuple(map(heading, (
    "event", "event id", "event name", "ereignis", "événement", "evento", "событие", "イベント",
)))
TIME = tuple(map(heading, (
    "timestamp", "time stamp", "reported at", "recorded at", "completed at", "submitted at", "completion time",
    "submission time",
    # of Google Forms, in German, French, Spanish, Italian, Portuguese, Russian, Japanese; then Dutch, Polish, Turkish,
    # Swedish, Danish, Norwegian, Finnish, Hungarian, Czech, Ukrainian, Korean, Chinese
    "Zeitstempel", "Horodateur", "Marca temporal", "Marca de tiempo", "Informazioni cronologiche",
    "Carimbo de data/hora", "Carimbo de hora", "Отметка времени", "タイムスタンプ",
    "Tijdstempel", "Sygnatura czasowa", "Zaman damgası", "Tidstämpel", "Tidsstempel", "Aikaleima", "Időbélyeg",
    "Časová značka", "Časové razítko", "Позначка часу", "타임스탬프", "时间戳记", "時間戳記",
)))
TIME_WEAK = tuple(map(heading, (
    "time", "date", "datetime", "date and time", "when",
    "datum", "uhrzeit", "zeit", "zeitpunkt", "datum und uhrzeit", "wann",
    "heure", "date et heure", "quand", "fecha", "hora", "fecha y hora", "cuándo",
    "data", "ora", "data e ora", "quando", "data e hora",
    "дата", "время", "дата и время", "когда", "日付", "日時", "時刻", "時間", "いつ",
)))
OTHER_TIMES = frozenset(map(heading, (
    "last report", "added themselves", "retired", "added at", "retired at",
)))
TOTALS = frozenset(map(heading, ("total", "totals", "grand total", "gesamt", "totale", "итого", "всего", "合計")))
# fmt: on
