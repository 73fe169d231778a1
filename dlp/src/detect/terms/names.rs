//! Names in lower case, with a point for each blank in them: international nonproprietary names of medicines that
//! are often prescribed, with some trade names; stems of the WHO's list (2024); diseases.

pub(super) const MEDICINES: &str = "\
    abacavir acarbose acenocoumarol acetaminophen acetazolamide acetylcysteine aciclovir acyclovir \
    adalimumab adderall advair albuterol alendronate alfuzosin allopurinol alprazolam amantadine \
    ambien amiloride amiodarone amitriptyline amlodipine amoxicillin amphetamine ampicillin \
    anastrozole apixaban aripiprazole atenolol ativan atomoxetine atorvastatin azathioprine \
    azithromycin baclofen beclometasone benazepril benztropine betamethasone bevacizumab \
    bicalutamide bisacodyl bisoprolol brimonidine bromocriptine budesonide bumetanide buprenorphine \
    bupropion buspirone cabergoline calcitriol canagliflozin candesartan captopril carbamazepine \
    carbidopa carboplatin carvedilol cefalexin cefixime ceftriaxone cefuroxime celecoxib celexa \
    cephalexin cetirizine chlorhexidine chlorothiazide chlorpromazine chlorthalidone cialis \
    ciclosporin cilostazol cimetidine cinacalcet ciprofloxacin cisplatin citalopram clarithromycin \
    clindamycin clobetasol clomifene clomipramine clonazepam clonidine clopidogrel clotrimazole \
    clozapine codeine colchicine colecalciferol concerta coumadin cyclobenzaprine cyclophosphamide \
    cyclosporine cymbalta dabigatran dapagliflozin darunavir denosumab desloratadine \
    desvenlafaxine dexamethasone dexlansoprazole dextroamphetamine diazepam diclofenac dicyclomine \
    digoxin diltiazem diphenhydramine dipyridamole docetaxel dolutegravir domperidone donepezil \
    dorzolamide doxazosin doxepin doxorubicin doxycycline dulaglutide duloxetine dupilumab \
    dutasteride edoxaban efavirenz eliquis empagliflozin emtricitabine enalapril enbrel enoxaparin \
    entecavir eplerenone epoetin erlotinib erythromycin escitalopram esomeprazole estradiol \
    eszopiclone etanercept ethambutol etodolac etoricoxib ezetimibe famotidine febuxostat \
    felodipine fenofibrate fentanyl ferrous.sulfate fexofenadine filgrastim finasteride flecainide \
    fluconazole fludrocortisone fluoxetine fluticasone fluvoxamine formoterol fosinopril furosemide \
    gabapentin gemcitabine gemfibrozil glibenclamide gliclazide glimepiride glipizide glucophage \
    glyburide guaifenesin haloperidol humalog humira hydralazine hydrochlorothiazide hydrocodone \
    hydrocortisone hydromorphone hydroxychloroquine hydroxyzine ibandronate ibuprofen imatinib \
    imipramine indapamide indometacin infliximab insulin insulin.glargine insulin.lispro ipratropium \
    irbesartan isoniazid isosorbide isotretinoin itraconazole ivabradine ivermectin januvia \
    ketoconazole ketorolac klonopin labetalol lacosamide lamivudine lamotrigine lansoprazole lantus \
    latanoprost leflunomide lenalidomide letrozole leuprolide levetiracetam levocetirizine levodopa \
    levofloxacin levonorgestrel levothyroxine lexapro lidocaine linagliptin linezolid liothyronine \
    lipitor liraglutide lisdexamfetamine lisinopril lithium loperamide loratadine lorazepam losartan \
    lovastatin lurasidone lyrica macitentan medroxyprogesterone meloxicam memantine meperidine \
    mesalamine mesalazine metformin methadone methimazole methocarbamol methotrexate methyldopa \
    methylphenidate methylprednisolone metoclopramide metolazone metoprolol metronidazole \
    minocycline mirabegron mirtazapine misoprostol modafinil mometasone montelukast morphine \
    moxifloxacin mycophenolate nabumetone naloxone naltrexone naproxen nebivolol nevirapine \
    nifedipine nitrofurantoin nitroglycerin nivolumab norethisterone nortriptyline olanzapine \
    olmesartan omalizumab omeprazole ondansetron oseltamivir oxcarbazepine oxybutynin oxycodone \
    oxycontin ozempic paclitaxel paliperidone pantoprazole paracetamol paroxetine paxil \
    pembrolizumab penicillin pentoxifylline percocet perindopril permethrin phenobarbital phenytoin \
    pioglitazone pitavastatin plavix pramipexole prasugrel pravastatin prazosin prednisolone \
    prednisone pregabalin primidone prochlorperazine promethazine propafenone propranolol \
    propylthiouracil prozac pyridostigmine quetiapine quinapril rabeprazole raloxifene raltegravir \
    ramipril ranitidine ranolazine rasagiline remdesivir rifampicin rifaximin risedronate \
    risperidone ritalin ritonavir rituximab rivaroxaban rivastigmine rizatriptan ropinirole \
    rosuvastatin sacubitril salbutamol salmeterol saxagliptin secukinumab semaglutide sertraline \
    sevelamer sildenafil simvastatin sirolimus sitagliptin sofosbuvir solifenacin sotalol \
    spironolactone suboxone sulfamethoxazole sulfasalazine sumatriptan synthroid tacrolimus tadalafil \
    tamoxifen tamsulosin tapentadol telmisartan temazepam tenofovir terazosin terbinafine \
    testosterone theophylline ticagrelor timolol tiotropium tirzepatide tizanidine tocilizumab \
    tofacitinib tolterodine topiramate torasemide torsemide tramadol trandolapril tranexamic.acid \
    trastuzumab trazodone triamcinolone triamterene trimethoprim trulicity tylenol ustekinumab \
    valaciclovir valacyclovir valium valproate valsartan vancomycin vardenafil varenicline \
    venlafaxine verapamil viagra vicodin vildagliptin vyvanse warfarin wellbutrin xanax xarelto \
    zidovudine ziprasidone zoledronic.acid zoloft zolpidem zonisamide zopiclone";

pub(super) const STEMS: &str = "\
    afil artan astine azepam azole azosin barbital bactam caine ciclib cillin conazole coxib cycline \
    dipine dronate entan fenac fibrate flozacin floxacin formin gepant gliptin gliflozin glitazone \
    glutide grastim grel imus kinra lukast mab micin mycin nidazole olol olone oprazole oxacin oxetine \
    parin pramine prazole pril profen racetam rafenib sartan setron statin stigmine tadine tegravir \
    terol tidine tinib triptan triptyline vaptan vastatin vir xaban zepam zolamide zumab";

pub(super) const DISEASES: &str = "\
    addiction adhd aids alcoholism alzheimer alzheimer's anaemia anemia aneurysm angina anorexia \
    anxiety anxiety.disorder appendicitis arrhythmia arthritis asperger asthma atherosclerosis \
    atrial.fibrillation autism bipolar bipolar.disorder bladder.cancer brain.tumor brain.tumour \
    breast.cancer bronchitis bulimia cancer carcinoma cardiomyopathy celiac.disease cerebral.palsy \
    chlamydia cholera chronic.kidney.disease ckd cirrhosis colitis colon.cancer \
    congestive.heart.failure copd coronary.artery.disease covid covid-19 crohn's.disease crohn \
    cystic.fibrosis deep.vein.thrombosis dementia depression dermatitis diabetes diabetes.mellitus \
    diverticulitis down.syndrome dyslexia eczema emphysema endometriosis epilepsy fibromyalgia \
    gastritis glaucoma gonorrhea gonorrhoea gout haemophilia heart.attack heart.disease \
    heart.failure hemophilia hepatitis hepatitis.b hepatitis.c hernia herpes hiv hiv-positive hpv \
    huntington's.disease hyperlipidemia hypertension hyperthyroidism hypothyroidism infertility \
    insomnia irritable.bowel.syndrome kidney.disease kidney.failure leukaemia leukemia liver.disease \
    lung.cancer lupus lyme.disease lymphoma malaria melanoma meningitis migraine migraines \
    miscarriage multiple.sclerosis muscular.dystrophy myocardial.infarction neuropathy obesity ocd \
    osteoarthritis osteoporosis ovarian.cancer pancreatitis panic.disorder parkinson's \
    parkinson's.disease pneumonia post-traumatic.stress.disorder preeclampsia prostate.cancer \
    psoriasis psychosis ptsd pulmonary.embolism rheumatoid.arthritis schizophrenia sciatica scoliosis \
    seizures sepsis sickle.cell sinusitis sleep.apnea stroke syphilis tachycardia thrombosis \
    tuberculosis ulcerative.colitis bluthochdruck krebs depressionen epilepsie herzinfarkt \
    schlaganfall diabète cancer.du.sein hypertension.artérielle hipertensión cáncer";
